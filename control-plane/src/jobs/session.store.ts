/**
 * Who holds an agent's tunnel, and how long the agent may believe in its leases. One row per gateway and per agent,
 * never one per job: leases live by gateway heartbeat.
 *
 * Invariant: a gateway commits its heartbeat BEFORE the pongs that rely on it, so a lease granted by a gateway that
 * died ends at the latest at heartbeat + interval + lease.
 */
import type { AgentState } from '@casare/shared/api';
import { LEASE_MS } from '@casare/shared/protocol';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** A session to be opened. */
export interface NewSession {
  readonly tenant: string;
  readonly agentId: string;
  readonly sessionId: string;
  readonly gatewayId: string;
  readonly instance: string;
  readonly epoch: number;
  /** Of the certificate it stands on. */
  readonly serial?: string;
  /** Key identifier of the server CA whose chain its handshake showed, hex. */
  readonly serverCaKeyId?: string | null;
  /** The agent knows what a pause is. */
  readonly pauses?: boolean;
}

/** Who holds an agent's tunnel now. */
export interface HeldSession {
  readonly sessionId: string;
  readonly instance: string;
}

/** A session that is over. */
export interface EndedSession {
  readonly tenant: string;
  readonly agentId: string;
  readonly sessionId: string;
  readonly leaseMs: number;
}

/** The agent of a session that was closed. */
export interface ClosedSession {
  readonly tenant: string;
  readonly agentId: string;
  readonly name: string;
  readonly state: AgentState;
}

const addGateway = sql<never, [id: string]>('addGateway', `INSERT INTO gateway (id) VALUES ($1)`);
const beatGateway = sql<never, [id: string]>(
  'beatGateway',
  `UPDATE gateway SET heartbeat_at = clock_timestamp() WHERE id = $1`,
  { idempotent: true },
);
// A gateway whose sessions could not be closed stays: its last heartbeat bounds the leases that it granted.
const dropGateway = sql<never, [id: string]>(
  'dropGateway',
  `DELETE FROM gateway g WHERE id = $1 AND NOT EXISTS (SELECT FROM agent_session s WHERE s.gateway_id = g.id)`,
);
const dropDeadGateways = sql<never, [deadMs: number]>(
  'dropDeadGateways',
  `DELETE FROM gateway g WHERE heartbeat_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
     AND NOT EXISTS (SELECT FROM agent_session s WHERE s.gateway_id = g.id)`,
);

// The later session replaces the earlier; whether it may was decided before, under the agents' locks. What an earlier session
// may have granted up to now stays on record: this one may end before it grants anything. The join sees the rows as they
// were before.
const openSessions = sql<
  { place: number; replaced: string | null; gateway: string | null },
  [
    tenants: string[],
    agents: string[],
    sessions: string[],
    gateways: string[],
    instances: string[],
    epochs: number[],
    leaseMs: number,
    serials: (string | null)[],
    serverCaKeyIds: (string | null)[],
    pauses: boolean[],
  ]
>(
  'openSessions',
  `WITH wanted AS (
     SELECT w.*, (SELECT id FROM certificate_authority WHERE kind = 'server_ca' AND key_id = w.shown) AS server_ca_id
     FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[], $8::text[], $9::text[],
       $10::boolean[])
       WITH ORDINALITY AS w(tenant_id, agent_id, session_id, gateway_id, instance, epoch, serial, shown, pauses, place)
   ), opened AS (
     INSERT INTO agent_session AS s (tenant_id, agent_id, session_id, gateway_id, instance, epoch, serial, server_ca_id,
       pauses)
     SELECT tenant_id, agent_id, session_id, gateway_id, instance, epoch, serial, server_ca_id, pauses FROM wanted
     ON CONFLICT (tenant_id, agent_id) DO UPDATE SET session_id = excluded.session_id,
       gateway_id = excluded.gateway_id, instance = excluded.instance, epoch = excluded.epoch,
       serial = excluded.serial, server_ca_id = excluded.server_ca_id, pauses = excluded.pauses,
       since = clock_timestamp(), lease_until = CASE
         WHEN s.gateway_id IS NULL THEN s.lease_until
         ELSE clock_timestamp() + make_interval(secs => $7::float8 / 1000) END
     RETURNING tenant_id, agent_id
   )
   SELECT w.place::int, CASE WHEN b.gateway_id IS NOT NULL THEN b.session_id END AS replaced, b.gateway_id AS gateway
   FROM wanted w JOIN opened o ON o.tenant_id = w.tenant_id AND o.agent_id = w.agent_id
   LEFT JOIN agent_session b ON b.tenant_id = w.tenant_id AND b.agent_id = w.agent_id`,
);

const heldSessions = sql<HeldSession & { readonly agentId: string }, [tenants: string[], agents: string[]]>(
  'heldSessions',
  `SELECT s.agent_id AS "agentId", s.session_id AS "sessionId", s.instance
   FROM unnest($1::text[], $2::uuid[]) AS w(tenant_id, agent_id)
   JOIN agent_session s ON s.tenant_id = w.tenant_id AND s.agent_id = w.agent_id
   WHERE s.gateway_id IS NOT NULL`,
);

// A greeting locks the agent before its session; the end of the session before it must not come from the other side. In
// one order, so that two gateways that end many sessions never wait for each other. A session that was replaced does not
// come back: it needs no lock.
const lockAgentsOfSessions = sql<ClosedSession, [tenants: string[], agents: string[], sessions: string[]]>(
  'lockAgentsOfSessions',
  `SELECT a.tenant_id AS tenant, a.id AS "agentId", a.name, a.state
   FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS w(tenant_id, agent_id, session_id)
   JOIN agent_session s ON s.tenant_id = w.tenant_id AND s.agent_id = w.agent_id AND s.session_id = w.session_id
   JOIN agent a ON a.tenant_id = s.tenant_id AND a.id = s.agent_id
   ORDER BY a.tenant_id, a.id FOR UPDATE OF a`,
);

const closeSessions = sql<
  { agentId: string },
  [tenants: string[], agents: string[], sessions: string[], leaseMs: number[]]
>(
  'closeSessions',
  `UPDATE agent_session s SET gateway_id = NULL, since = clock_timestamp(),
     lease_until = greatest(s.lease_until, clock_timestamp() + make_interval(secs => w.lease_ms / 1000))
   FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::float8[]) AS w(tenant_id, agent_id, session_id, lease_ms)
   WHERE s.tenant_id = w.tenant_id AND s.agent_id = w.agent_id AND s.session_id = w.session_id
   RETURNING s.agent_id AS "agentId"`,
);

/** Registers this process as a gateway. */
export async function registerGateway(db: Queryable, id: string): Promise<void> {
  await db.execute(addGateway(id));
}

/** Commits a heartbeat; false when the gateway's row is gone (somebody decided that it died). */
export async function heartbeat(db: Queryable, id: string): Promise<boolean> {
  return (await db.execute(beatGateway(id))) === 1;
}

/** Unregisters a gateway that stopped cleanly; stays without effect while a session of it is open. */
export async function unregisterGateway(db: Queryable, id: string): Promise<void> {
  await db.execute(dropGateway(id));
}

/** Forgets gateways that have been dead for so long and have no session. */
export async function forgetDeadGateways(db: Queryable, deadMs: number): Promise<void> {
  await db.execute(dropDeadGateways(deadMs));
}

/** The open sessions of agents, on whatever gateway, by agent; the caller has locked the agents' rows. */
export async function findHeld(
  tx: Queryable,
  agents: readonly { readonly tenant: string; readonly agentId: string }[],
): Promise<ReadonlyMap<string, HeldSession>> {
  const tenants = agents.map(({ tenant }) => tenant);
  const ids = agents.map(({ agentId }) => agentId);
  const rows = await tx.query(heldSessions(tenants, ids));
  return new Map(rows.map(({ agentId, ...held }) => [agentId, held]));
}

/**
 * Makes each of `all`, which are of different agents, its agent's session, in their order: the session that it replaced
 * and the gateway that held that. `leaseMs`: the longest lease that a session may have granted.
 */
export async function openAll(
  db: Queryable,
  all: readonly NewSession[],
  leaseMs: number = LEASE_MS,
): Promise<{ replaced: string | null; gateway: string | null }[]> {
  if (all.length === 0) return [];
  const column = <Name extends keyof NewSession>(name: Name) => all.map((session) => session[name]);
  const rows = await db.query(
    openSessions(
      column('tenant'),
      column('agentId'),
      column('sessionId'),
      column('gatewayId'),
      column('instance'),
      column('epoch'),
      leaseMs,
      all.map(({ serial = null }) => serial),
      all.map(({ serverCaKeyId = null }) => serverCaKeyId),
      all.map(({ pauses = false }) => pauses),
    ),
  );
  const byPlace = new Map(rows.map(({ place, replaced, gateway }) => [place, { replaced, gateway }]));
  return all.map((_, index) => byPlace.get(index + 1)!);
}

/**
 * Marks sessions closed, each agent's if it is still the one that counts; an agent may believe in its leases for another
 * `leaseMs`. Locks the agents first. Gives those agents whose tunnel is gone now.
 */
export async function close(tx: Transaction, ended: readonly EndedSession[]): Promise<ClosedSession[]> {
  const tenants = ended.map(({ tenant }) => tenant);
  const agents = ended.map(({ agentId }) => agentId);
  const ids = ended.map(({ sessionId }) => sessionId);
  const locked = await tx.query(lockAgentsOfSessions(tenants, agents, ids));
  if (locked.length === 0) return [];
  const leases = ended.map(({ leaseMs }) => leaseMs);
  const closed = new Set((await tx.query(closeSessions(tenants, agents, ids, leases))).map(({ agentId }) => agentId));
  return locked.filter(({ agentId }) => closed.has(agentId));
}
