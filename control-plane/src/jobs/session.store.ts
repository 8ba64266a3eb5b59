/**
 * Who holds an agent's tunnel, and how long the agent may believe in its leases. One row per gateway and per agent,
 * never one per job: leases live by gateway heartbeat.
 *
 * Invariant: a gateway commits its heartbeat BEFORE the pongs that rely on it, so a lease granted by a gateway that
 * died ends at the latest at heartbeat + interval + lease.
 */
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

// The higher epoch wins; within one epoch the later session replaces the earlier. What an earlier session may have granted
// up to now stays on record: this one may end before it grants anything.
const openSession = sql<
  { replaced_session: string | null },
  [tenant: string, agent: string, session: string, gateway: string, instance: string, epoch: number, leaseMs: number]
>(
  'openSession',
  `WITH before AS (
     SELECT session_id FROM agent_session WHERE tenant_id = $1 AND agent_id = $2 AND gateway_id IS NOT NULL
   ), opened AS (
     INSERT INTO agent_session AS s (tenant_id, agent_id, session_id, gateway_id, instance, epoch)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant_id, agent_id) DO UPDATE SET session_id = $3, gateway_id = $4, instance = $5, epoch = $6,
       since = clock_timestamp(), lease_until = CASE
         WHEN s.gateway_id IS NULL THEN s.lease_until
         ELSE clock_timestamp() + make_interval(secs => $7::float8 / 1000) END
     WHERE s.epoch <= $6
     RETURNING 1
   )
   SELECT (SELECT session_id::text FROM before) AS replaced_session FROM opened`,
);

// A greeting locks the agent before its session; the end of the session before it must not come from the other side.
const lockAgentOfSession = sql<never, [tenant: string, agent: string]>(
  'lockAgentOfSession',
  `SELECT FROM agent WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
);

const closeSession = sql<never, [tenant: string, agent: string, session: string, leaseMs: number]>(
  'closeSession',
  `UPDATE agent_session SET gateway_id = NULL, since = clock_timestamp(),
     lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => $4::float8 / 1000))
   WHERE tenant_id = $1 AND agent_id = $2 AND session_id = $3`,
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

/**
 * Makes `session` the agent's session; `null` when a newer start of the agent has one. `leaseMs`: the longest lease that a
 * session may have granted.
 */
export async function open(
  db: Queryable,
  session: NewSession,
  leaseMs: number = LEASE_MS,
): Promise<{ replaced: string | null } | null> {
  const { tenant, agentId, sessionId, gatewayId, instance, epoch } = session;
  const [row] = await db.query(openSession(tenant, agentId, sessionId, gatewayId, instance, epoch, leaseMs));
  return row ? { replaced: row.replaced_session } : null;
}

/** Marks the session closed; the agent may believe in its leases for another `leaseMs`. Locks the agent first. */
export async function close(
  tx: Transaction,
  key: { tenant: string; agentId: string; sessionId: string },
  leaseMs: number,
): Promise<void> {
  await tx.query(lockAgentOfSession(key.tenant, key.agentId));
  await tx.execute(closeSession(key.tenant, key.agentId, key.sessionId, leaseMs));
}
