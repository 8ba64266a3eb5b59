/** Secrets that are sealed to single agents, and the keys that agents said. Nothing here can open them. */
import type { AgentState } from '@casare/shared/api';
import { listSql, sql, type Queryable } from '../platform/database/index.ts';

/** An agent and the key that it said last. */
export interface KeyRow {
  readonly agentId: string;
  readonly agent: string;
  readonly state: AgentState;
  readonly publicKey: string | null;
}

/** Whom a version is sealed to. */
export interface RecipientRow {
  readonly agentId: string;
  readonly agent: string;
  readonly publicKey: string;
  /** The key that the agent has now. */
  readonly keyNow: string | null;
}

/** What of a version is for one agent. */
export interface SealedFor {
  readonly agentId: string;
  readonly publicKey: string;
  readonly sealed: string;
}

/** What an agent has of a secret that is sealed to it: a requirement of jobs that use it. */
export function labelOf(name: string): string {
  return `secret=${name}`;
}

const KEY = `id AS "agentId", name AS agent, state, sealing_key AS "publicKey"`;

const keyPageSql = listSql<KeyRow, [tenant: string, reference: string | null, beyond: string | null, limit: number]>(
  'sealingKeyPage',
  ({ order, beyond }) => `SELECT ${KEY} FROM agent
   WHERE tenant_id = $1 AND state <> 'decommissioned' AND ($2::text IS NULL OR name = $2 OR id::text = lower($2))
     AND ($3::uuid IS NULL OR id ${beyond} $3) ORDER BY id ${order} LIMIT $4`,
);
// In the order in which greetings lock them.
const holdKeysSql = sql<KeyRow, [tenant: string, label: string, agents: string[]]>(
  'holdSealingKeys',
  `SELECT ${KEY} FROM agent WHERE tenant_id = $1 AND (id = ANY($3::uuid[]) OR $2 = ANY(sealed_labels))
   ORDER BY tenant_id, id FOR UPDATE`,
);
const labelSql = sql<never, [tenant: string, label: string, agents: string[]]>(
  'labelSealedAgents',
  `UPDATE agent SET sealed_labels = array_remove(sealed_labels, $2) ||
     CASE WHEN id = ANY($3::uuid[]) THEN ARRAY[$2] ELSE '{}' END
   WHERE tenant_id = $1 AND (id = ANY($3::uuid[]) OR $2 = ANY(sealed_labels))`,
);
const insertSealedSql = sql<
  never,
  [tenant: string, name: string, version: number, agents: string[], keys: string[], sealed: string[]]
>(
  'insertSealedSecrets',
  `INSERT INTO sealed_secret (tenant_id, name, version, agent_id, public_key, sealed)
   SELECT $1, $2, $3, * FROM unnest($4::uuid[], $5::text[], $6::text[])`,
);
const recipientsSql = sql<RecipientRow, [tenant: string, name: string]>(
  'sealedRecipients',
  `SELECT a.id AS "agentId", a.name AS agent, x.public_key AS "publicKey", a.sealing_key AS "keyNow"
   FROM secret s
   JOIN sealed_secret x ON x.tenant_id = s.tenant_id AND x.name = s.name AND x.version = s.current_version
   JOIN agent a ON a.tenant_id = x.tenant_id AND a.id = x.agent_id
   WHERE s.tenant_id = $1 AND s.name = $2 ORDER BY a.name, a.id`,
  { idempotent: true },
);
const sealedForSql = sql<
  { name: string; version: number; sealed: string },
  [tenant: string, names: string[], agent: string]
>(
  'sealedSecretsFor',
  `SELECT s.name, x.version, x.sealed FROM secret s
   JOIN sealed_secret x ON x.tenant_id = s.tenant_id AND x.name = s.name AND x.version = s.current_version
   JOIN agent a ON a.tenant_id = x.tenant_id AND a.id = x.agent_id AND a.sealing_key = x.public_key
   WHERE s.tenant_id = $1 AND s.name = ANY ($2) AND x.agent_id = $3`,
  { idempotent: true },
);
const sealedAmongSql = sql<{ name: string }, [tenant: string, names: string[]]>(
  'sealedAmong',
  `SELECT name FROM secret WHERE tenant_id = $1 AND name = ANY ($2) AND mode = 'sealed'`,
  { idempotent: true },
);

/** Agents that are not gone, by age, beyond one; with `reference` those of this id or name. */
export function keyPage(
  db: Queryable,
  tenant: string,
  reference: string | null,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
): Promise<KeyRow[]> {
  return db.query(keyPageSql(page.ascending)(tenant, reference, page.beyond, page.limit));
}

/** Locks these agents and those that have the label, so that their keys stay what they are. */
export function holdKeys(tx: Queryable, tenant: string, label: string, agents: readonly string[]): Promise<KeyRow[]> {
  return tx.query(holdKeysSql(tenant, label, [...agents]));
}

/** From here on these agents have the label, and no others. */
export async function labelAgents(
  tx: Queryable,
  tenant: string,
  label: string,
  agents: readonly string[],
): Promise<void> {
  await tx.execute(labelSql(tenant, label, [...agents]));
}

export async function insertSealed(
  tx: Queryable,
  tenant: string,
  name: string,
  version: number,
  all: readonly SealedFor[],
): Promise<void> {
  const agents = all.map(({ agentId }) => agentId);
  const keys = all.map(({ publicKey }) => publicKey);
  const sealed = all.map((one) => one.sealed);
  await tx.execute(insertSealedSql(tenant, name, version, agents, keys, sealed));
}

/** Of the newest version. */
export function recipientsOf(db: Queryable, tenant: string, name: string): Promise<RecipientRow[]> {
  return db.query(recipientsSql(tenant, name));
}

/** Of the newest versions what is sealed to the key that this agent has now. */
export function sealedFor(
  db: Queryable,
  tenant: string,
  names: readonly string[],
  agentId: string,
): Promise<{ name: string; version: number; sealed: string }[]> {
  return db.query(sealedForSql(tenant, [...names], agentId));
}

export async function sealedAmong(db: Queryable, tenant: string, names: readonly string[]): Promise<string[]> {
  return (await db.query(sealedAmongSql(tenant, [...names]))).map(({ name }) => name);
}
