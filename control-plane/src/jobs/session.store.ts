/**
 * Who holds an agent's tunnel, and how long the agent may believe in its leases. One row per gateway and per agent,
 * never one per job: leases live by gateway heartbeat.
 *
 * Invariant: a gateway commits its heartbeat BEFORE the pongs that rely on it, so a lease granted by a gateway that
 * died ends at the latest at heartbeat + interval + lease.
 */
import { sql, type Queryable } from '../platform/database/index.ts';

/** A session to be opened. */
export interface NewSession {
  readonly tenant: string;
  readonly agentId: string;
  readonly sessionId: string;
  readonly gatewayId: string;
  readonly instance: string;
  readonly epoch: number;
}

/** A job whose agent has been silent beyond its lease. */
export interface SilentLease {
  readonly tenant: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly silentMs: number;
}

const addGateway = sql<never, [id: string]>('addGateway', `INSERT INTO gateway (id) VALUES ($1)`);
const beatGateway = sql<never, [id: string]>(
  'beatGateway',
  `UPDATE gateway SET heartbeat_at = clock_timestamp() WHERE id = $1`,
  { idempotent: true },
);
// Sessions first: a gateway that stops cleanly knows the last pong it sent.
const dropGateway = sql<never, [id: string]>('dropGateway', `DELETE FROM gateway WHERE id = $1`);

// The higher epoch wins; within one epoch the later session replaces the earlier.
const openSession = sql<
  { replaced_session: string | null },
  [tenant: string, agent: string, session: string, gateway: string, instance: string, epoch: number]
>(
  'openSession',
  `WITH before AS (
     SELECT session_id FROM agent_session WHERE tenant_id = $1 AND agent_id = $2 AND gateway_id IS NOT NULL
   ), opened AS (
     INSERT INTO agent_session AS s (tenant_id, agent_id, session_id, gateway_id, instance, epoch)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant_id, agent_id) DO UPDATE SET session_id = $3, gateway_id = $4, instance = $5, epoch = $6,
       since = clock_timestamp(), lease_until = NULL
     WHERE s.epoch <= $6
     RETURNING 1
   )
   SELECT (SELECT session_id::text FROM before) AS replaced_session FROM opened`,
);

const closeSession = sql<never, [tenant: string, agent: string, session: string, leaseMs: number]>(
  'closeSession',
  `UPDATE agent_session SET gateway_id = NULL, since = clock_timestamp(),
     lease_until = clock_timestamp() + make_interval(secs => $4::float8 / 1000)
   WHERE tenant_id = $1 AND agent_id = $2 AND session_id = $3`,
);

// Silent = disconnected and past the last lease, or held by a gateway whose heartbeat (or whose row) is gone.
const silentLeases = sql<
  { tenant_id: string; job_id: string; attempt: number; silent_ms: number },
  [leaseMs: number, marginMs: number, heartbeatMs: number, limit: number]
>(
  'silentLeases',
  `SELECT l.tenant_id, l.job_id, l.attempt,
     (extract(epoch FROM clock_timestamp() - s.lease_end) * 1000)::float8 AS silent_ms
   FROM job_lease l
   LEFT JOIN LATERAL (
     SELECT CASE
       WHEN a.gateway_id IS NULL THEN coalesce(a.lease_until, a.since)
       ELSE coalesce(g.heartbeat_at, a.since) + make_interval(secs => ($1::float8 + $3::float8) / 1000)
     END + make_interval(secs => $2::float8 / 1000) AS lease_end
     FROM agent_session a LEFT JOIN gateway g ON g.id = a.gateway_id
     WHERE a.tenant_id = l.tenant_id AND a.agent_id = l.agent_id
   ) s ON true
   WHERE s.lease_end < clock_timestamp() AND l.leased_at + make_interval(secs => $1::float8 / 1000) < clock_timestamp()
   ORDER BY s.lease_end LIMIT $4`,
  { idempotent: true },
);

/** Registers this process as a gateway. */
export async function registerGateway(db: Queryable, id: string): Promise<void> {
  await db.execute(addGateway(id));
}

/** Commits a heartbeat; false when the gateway's row is gone (somebody decided that it died). */
export async function heartbeat(db: Queryable, id: string): Promise<boolean> {
  return (await db.execute(beatGateway(id))) === 1;
}

/** Unregisters a gateway that stopped cleanly; its sessions were closed before. */
export async function unregisterGateway(db: Queryable, id: string): Promise<void> {
  await db.execute(dropGateway(id));
}

/** Makes `session` the agent's session; `null` when a newer start of the agent has one. */
export async function open(db: Queryable, session: NewSession): Promise<{ replaced: string | null } | null> {
  const [row] = await db.query(
    openSession(session.tenant, session.agentId, session.sessionId, session.gatewayId, session.instance, session.epoch),
  );
  return row ? { replaced: row.replaced_session } : null;
}

/** Marks the session closed; the agent may believe in its leases for another `leaseMs`. */
export async function close(
  db: Queryable,
  key: { tenant: string; agentId: string; sessionId: string },
  leaseMs: number,
): Promise<void> {
  await db.execute(closeSession(key.tenant, key.agentId, key.sessionId, leaseMs));
}

/** Leases whose agents are silent, longest first. */
export async function listSilent(
  db: Queryable,
  bounds: { leaseMs: number; marginMs: number; heartbeatMs: number; limit: number },
): Promise<SilentLease[]> {
  const rows = await db.query(silentLeases(bounds.leaseMs, bounds.marginMs, bounds.heartbeatMs, bounds.limit));
  return rows.map((row) => ({
    tenant: row.tenant_id,
    jobId: row.job_id,
    attempt: row.attempt,
    silentMs: Math.round(row.silent_ms),
  }));
}
