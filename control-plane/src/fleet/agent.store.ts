/** Agents as they are kept and shown. State changes repeat the lifecycle table's guard. */
import type { Agent, AgentState } from '@casare/shared/api';
import { sourcesOf } from '@casare/shared/lifecycle';
import type { AgentFacts, Slots } from '@casare/shared/protocol';
import { listSql, sql, type Queryable } from '../platform/database/index.ts';
import { AGENT, type AgentEvent } from './agent.lifecycle.ts';

/** An agent to be kept. */
export interface NewAgent {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  readonly state: 'pending' | 'active';
  readonly site: string | null;
  readonly grants: readonly string[];
  readonly declared: readonly string[];
  /** Enrols anew at each start; decommissioned when it has left. */
  readonly ephemeral: boolean;
  readonly tokenId: string;
  /** SHA-256 of the public key, hex. */
  readonly keyDigest: string;
}

/** What an agent says about itself in `hello`. */
export interface Profile {
  readonly facts: AgentFacts;
  readonly capabilities: readonly string[];
  readonly declared: readonly string[];
  readonly slots: Slots;
  /** Digest of the bundle it holds; an agent of before bundles says none. */
  readonly bundle?: string | undefined;
  /** What secrets are sealed to for it; an agent of before says none. */
  readonly sealingKey?: string | undefined;
}

/** What of an agent decides about its work. */
export interface Standing {
  readonly name: string;
  readonly state: AgentState;
  readonly site: string | null;
  /** With `secret=<name>` of what is sealed to it. */
  readonly grants: readonly string[];
}

/** How an agent stands that greets. */
export interface Greeter extends Standing {
  /** Of the record, see `casare restored`. */
  readonly storeEpoch: number;
}

/** Which agent. */
export interface AgentKey {
  readonly tenant: string;
  readonly agentId: string;
}

/** An agent, locked until the transaction ends. */
export interface HeldAgent {
  readonly name: string;
  readonly state: AgentState;
  readonly connected: boolean;
}

/** An agent found by the key that it enrolled with. */
export interface AgentOfKey {
  readonly tenant: string;
  readonly id: string;
  readonly tokenId: string;
  readonly state: AgentState;
  readonly ephemeral: boolean;
}

interface ViewRow {
  readonly id: string;
  readonly name: string;
  readonly state: AgentState;
  readonly site: string | null;
  readonly grants: string[];
  readonly declared: string[];
  readonly capabilities: string[];
  readonly slots: Slots;
  readonly facts: AgentFacts | null;
  readonly ephemeral: boolean;
  readonly created_at: Date;
  readonly drained_at: Date | null;
  readonly connected: boolean | null;
  readonly presence_since: Date | null;
  readonly serial: string | null;
  readonly not_after: Date | null;
  readonly busy: Partial<Slots> | null;
}

/** A gateway that has been silent for three heartbeats is taken for dead: its agents are shown as away. */
export const GATEWAY_ALIVE = `g.heartbeat_at > clock_timestamp() - interval '15 seconds'`;

const VIEW = `SELECT a.id, a.name, a.state, a.site, a.grants, a.declared, a.capabilities, a.slots, a.facts, a.ephemeral,
    a.created_at, a.drained_at,
    s.gateway_id IS NOT NULL AND coalesce(${GATEWAY_ALIVE}, false) AS connected,
    CASE WHEN s.gateway_id IS NULL OR ${GATEWAY_ALIVE} THEN s.since
      ELSE greatest(s.since, g.heartbeat_at) END AS presence_since,
    c.serial, c.not_after, b.busy
  FROM agent a
  LEFT JOIN agent_session s ON s.tenant_id = a.tenant_id AND s.agent_id = a.id
  LEFT JOIN gateway g ON g.id = s.gateway_id
  LEFT JOIN LATERAL (
    SELECT serial, not_after FROM agent_certificate c
    WHERE c.tenant_id = a.tenant_id AND c.agent_id = a.id AND c.state IN ('pending', 'current')
    ORDER BY c.created_at DESC LIMIT 1
  ) c ON true
  LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(slot, used) AS busy FROM (
      SELECT l.slot, count(*) AS used FROM job_lease l
      WHERE l.tenant_id = a.tenant_id AND l.agent_id = a.id GROUP BY l.slot
    ) slots
  ) b ON true`;

type PageValues = [
  tenant: string,
  id: string | null,
  limit: number,
  name: string | null,
  state: AgentState | null,
  site: string | null,
  label: string | null,
  text: string | null,
  from: string | null,
  until: string | null,
];
const AGENTS_OF_PAGE = `${VIEW} WHERE a.tenant_id = $1
     AND (a.left_at IS NULL OR a.left_at > clock_timestamp() - interval '1 day')
     AND ($5::text IS NULL OR a.state = $5) AND ($6::text IS NULL OR a.site = $6)
     AND ($7::text IS NULL OR $7 = ANY(a.capabilities) OR $7 = ANY(a.grants) OR $7 = ANY(a.declared))
     AND ($8::text IS NULL OR strpos(lower(a.name), lower($8)) > 0)
     AND ($9::timestamptz IS NULL OR a.created_at >= $9) AND ($10::timestamptz IS NULL OR a.created_at < $10)`;
// By the primary key: ids are UUIDv7.
const agentPage = listSql<ViewRow, PageValues>(
  'agentPage',
  ({ order, beyond }) => `${AGENTS_OF_PAGE} AND $4::text IS NULL AND ($2::uuid IS NULL OR a.id ${beyond} $2)
     ORDER BY a.id ${order} LIMIT $3`,
);
// By the index `agent_by_name`.
const agentPageByName = listSql<ViewRow, PageValues>(
  'agentPageByName',
  ({ order, beyond }) => `${AGENTS_OF_PAGE} AND ($4::text IS NULL OR (a.name, a.id) ${beyond} ($4, $2::uuid))
     ORDER BY a.name ${order}, a.id ${order} LIMIT $3`,
);

const agentById = sql<ViewRow, [tenant: string, id: string]>(
  'agentById',
  `${VIEW} WHERE a.tenant_id = $1 AND a.id = $2`,
  { idempotent: true },
);

const agentsById = sql<ViewRow, [tenant: string, ids: string[]]>(
  'agentsById',
  `${VIEW} WHERE a.tenant_id = $1 AND a.id = ANY($2)`,
  { idempotent: true },
);

const addAgent = sql<
  never,
  [
    tenant: string,
    id: string,
    name: string,
    state: string,
    site: string | null,
    grants: string[],
    declared: string[],
    token: string,
    keyDigest: string,
    ephemeral: boolean,
  ]
>(
  'addAgent',
  `INSERT INTO agent (tenant_id, id, name, state, site, grants, declared, join_token_id, key_digest, ephemeral)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);

const agentByKey = sql<AgentOfKey, [keyDigest: string]>(
  'agentByKey',
  `SELECT tenant_id AS tenant, id, join_token_id AS "tokenId", state, ephemeral FROM agent WHERE key_digest = $1`,
);

const holdAgent = sql<HeldAgent, [tenant: string, id: string]>(
  'holdAgent',
  `SELECT a.name, a.state, EXISTS (
     SELECT FROM agent_session s WHERE s.tenant_id = a.tenant_id AND s.agent_id = a.id AND s.gateway_id IS NOT NULL
   ) AS connected
   FROM agent a WHERE a.tenant_id = $1 AND a.id = $2 FOR UPDATE OF a`,
);

const moveAgent = sql<never, [tenant: string, id: string, to: AgentState, from: AgentState[]]>(
  'moveAgent',
  `UPDATE agent SET state = $3, drained_at = NULL,
     draining_since = CASE WHEN $3 = 'draining' THEN clock_timestamp() END
   WHERE tenant_id = $1 AND id = $2 AND state = ANY($4)`,
);

// In one order: two batches never wait for each other.
const holdAgents = sql<
  { tenant: string; id: string; state: AgentState; storeEpoch: number; sealingKey: string | null },
  [tenants: string[], ids: string[]]
>(
  'holdAgents',
  `SELECT a.tenant_id AS tenant, a.id, a.state, a.sealing_key AS "sealingKey", (SELECT epoch FROM store) AS "storeEpoch" FROM unnest($1::text[], $2::uuid[]) AS w(tenant_id, id)
   JOIN agent a ON a.tenant_id = w.tenant_id AND a.id = w.id
   ORDER BY a.tenant_id, a.id FOR UPDATE OF a`,
);

const keepProfiles = sql<
  Greeter & { readonly place: number },
  [
    tenants: string[],
    ids: string[],
    facts: string[],
    capabilities: string[],
    declared: string[],
    slots: string[],
    bundles: (string | null)[],
    sealingKeys: (string | null)[],
  ]
>(
  'keepProfiles',
  `UPDATE agent a SET facts = w.facts, capabilities = ARRAY(SELECT jsonb_array_elements_text(w.capabilities)),
     declared = ARRAY(SELECT jsonb_array_elements_text(w.declared)), slots = w.slots, bundle_digest = w.bundle,
     sealing_key = w.sealing_key, sealed_labels = ARRAY(
       SELECT 'secret=' || x.name FROM sealed_secret x
       JOIN secret s ON s.tenant_id = x.tenant_id AND s.name = x.name AND s.current_version = x.version
       WHERE x.tenant_id = w.tenant_id AND x.agent_id = w.id AND x.public_key = w.sealing_key)
   FROM unnest($1::text[], $2::uuid[], $3::jsonb[], $4::jsonb[], $5::jsonb[], $6::jsonb[], $7::text[], $8::text[])
     WITH ORDINALITY AS w(tenant_id, id, facts, capabilities, declared, slots, bundle, sealing_key, place)
   WHERE a.tenant_id = w.tenant_id AND a.id = w.id
   RETURNING w.place::int, a.name, a.state, a.site, a.grants || a.sealed_labels AS grants, (SELECT epoch FROM store) AS "storeEpoch"`,
);

const keepBundle = sql<never, [tenant: string, id: string, digest: string]>(
  'keepBundle',
  `UPDATE agent SET bundle_digest = $3 WHERE tenant_id = $1 AND id = $2 AND bundle_digest IS DISTINCT FROM $3`,
);

const keepCapabilities = sql<Standing, [tenant: string, id: string, capabilities: string[], slots: string]>(
  'keepCapabilities',
  `UPDATE agent SET capabilities = $3, slots = $4 WHERE tenant_id = $1 AND id = $2
   RETURNING name, state, site, grants || sealed_labels AS grants`,
);

const agentsNamed = sql<{ id: string }, [tenant: string, reference: string]>(
  'agentsNamed',
  `SELECT id FROM agent
   WHERE tenant_id = $1 AND (name = $2 OR id::text = lower($2)) AND state <> 'decommissioned' LIMIT 2`,
  { idempotent: true },
);

/** How a list of agents is narrowed. */
export interface AgentFilter {
  readonly state?: AgentState | undefined;
  readonly site?: string | undefined;
  /** A capability, a grant, or a label that it declares. */
  readonly tag?: string | undefined;
  /** A part of its name, in small or capital letters. */
  readonly q?: string | undefined;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
}

/** Where a page of agents goes on, and which way. */
export interface AgentRange {
  readonly by: 'age' | 'name';
  readonly ascending: boolean;
  /** `name` is null in a list by age. */
  readonly beyond: { readonly id: string; readonly name: string | null } | null;
  readonly limit: number;
}

/** Agents of a tenant; without ephemeral ones that left more than a day ago. */
export async function listAgents(
  db: Queryable,
  tenant: string,
  { state, site, tag, q, createdAfter, createdBefore }: AgentFilter,
  { by, ascending, beyond, limit }: AgentRange,
): Promise<Agent[]> {
  const page = (by === 'age' ? agentPage : agentPageByName)(ascending);
  const labels = [state ?? null, site ?? null, tag ?? null, q ?? null, createdAfter ?? null] as const;
  const from = [beyond?.id ?? null, limit, beyond?.name ?? null] as const;
  return (await db.query(page(tenant, ...from, ...labels, createdBefore ?? null))).map(viewOf);
}

/** The agents with this id or name that are not gone, two at most. */
export async function findAgentIds(db: Queryable, tenant: string, reference: string): Promise<string[]> {
  return (await db.query(agentsNamed(tenant, reference))).map(({ id }) => id);
}

export async function findAgent(db: Queryable, tenant: string, id: string): Promise<Agent | null> {
  const [row] = await db.query(agentById(tenant, id));
  return row ? viewOf(row) : null;
}

/** Those that the tenant has, in no order. */
export async function findAgents(db: Queryable, tenant: string, ids: readonly string[]): Promise<Agent[]> {
  return (await db.query(agentsById(tenant, [...ids]))).map(viewOf);
}

/** Throws a unique violation of `agent_key` when the key has enrolled before. */
export async function insertAgent(tx: Queryable, agent: NewAgent): Promise<void> {
  const { tenant, id, name, state, site, grants, declared, tokenId, keyDigest, ephemeral } = agent;
  await tx.execute(addAgent(tenant, id, name, state, site, [...grants], [...declared], tokenId, keyDigest, ephemeral));
}

/** Who enrolled with this key. */
export async function findByKey(tx: Queryable, keyDigest: string): Promise<AgentOfKey | null> {
  return (await tx.query(agentByKey(keyDigest)))[0] ?? null;
}

/** Locks an agent's row: of two actions at once the second sees what the first did. */
export async function hold(tx: Queryable, tenant: string, id: string): Promise<HeldAgent | null> {
  return (await tx.query(holdAgent(tenant, id)))[0] ?? null;
}

/** Moves an agent; false when the table does not allow it from where the agent is. */
export async function move(
  tx: Queryable,
  key: { readonly tenant: string; readonly id: string },
  event: AgentEvent,
  to: AgentState,
): Promise<boolean> {
  return (await tx.execute(moveAgent(key.tenant, key.id, to, sourcesOf(AGENT, event)))) === 1;
}

/** Locks the rows of agents, all different; in their order, null for one that is not there. */
export async function holdAll(
  tx: Queryable,
  agents: readonly AgentKey[],
): Promise<({ readonly state: AgentState; readonly storeEpoch: number; readonly sealingKey: string | null } | null)[]> {
  const rows = await tx.query(
    holdAgents(
      agents.map(({ tenant }) => tenant),
      agents.map(({ agentId }) => agentId),
    ),
  );
  const found = new Map(rows.map((row) => [`${row.tenant} ${row.id}`, row]));
  return agents.map(({ tenant, agentId }) => found.get(`${tenant} ${agentId}`) ?? null);
}

/** Keeps what `hello` said of agents, all different, that are there; how they stand, in their order. */
export async function saveProfiles(
  tx: Queryable,
  profiles: readonly (AgentKey & Profile)[],
): Promise<readonly Greeter[]> {
  if (profiles.length === 0) return [];
  const rows = await tx.query(
    keepProfiles(
      profiles.map(({ tenant }) => tenant),
      profiles.map(({ agentId }) => agentId),
      profiles.map(({ facts }) => JSON.stringify(facts)),
      profiles.map(({ capabilities }) => JSON.stringify(capabilities)),
      profiles.map(({ declared }) => JSON.stringify(declared)),
      profiles.map(({ slots }) => JSON.stringify(slots)),
      profiles.map(({ bundle = null }) => bundle),
      profiles.map(({ sealingKey = null }) => sealingKey),
    ),
  );
  return rows.toSorted((a, b) => a.place - b.place);
}

/** Keeps which bundle the agent holds. */
export async function saveBundle(db: Queryable, tenant: string, id: string, digest: string): Promise<void> {
  await db.execute(keepBundle(tenant, id, digest));
}

/** Keeps new capabilities and slots; null when the agent is gone. */
export async function saveCapabilities(
  tx: Queryable,
  tenant: string,
  id: string,
  profile: Pick<Profile, 'capabilities' | 'slots'>,
): Promise<Standing | null> {
  const { capabilities, slots } = profile;
  return (await tx.query(keepCapabilities(tenant, id, [...capabilities], JSON.stringify(slots))))[0] ?? null;
}

function viewOf(row: ViewRow): Agent {
  const { id, name, state, site, grants, declared, capabilities, slots, facts, ephemeral } = row;
  const certificate =
    row.serial === null || row.not_after === null
      ? null
      : { serial: row.serial, notAfter: row.not_after.toISOString() };
  return {
    ...{ id, name, state, site, grants, declared, capabilities, slots, facts, certificate, ephemeral },
    connected: row.connected ?? false,
    presenceSince: row.presence_since?.toISOString() ?? null,
    busy: { plain: 0, browser: 0, desktop: 0, ...row.busy },
    createdAt: row.created_at.toISOString(),
    drainedAt: row.drained_at?.toISOString() ?? null,
  };
}
