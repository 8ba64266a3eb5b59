/**
 * Whose leases are over: an agent is silent once nobody can have renewed its leases for lease + margin.
 *
 * The last moment up to which an agent may believe in its leases is `lease_until` for a session that was closed, and the
 * gateway's last committed heartbeat + heartbeat interval + lease for one that is open. An agent without a session row
 * got its assignment from nobody, or the row was lost: then the lease counts from when it was made.
 */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { AttemptKey } from './lease.store.ts';

/** Times that the answer depends on, milliseconds. */
export interface SilenceBounds {
  readonly leaseMs: number;
  readonly marginMs: number;
  readonly heartbeatMs: number;
}

/** A job whose agent has been silent beyond its lease. */
export interface SilentLease extends AttemptKey {
  readonly silentMs: number;
}

// What an earlier session granted (`lease_until` of an open one) counts too. `greatest` passes over NULL.
// `l` has the agent and when its lease was made, `a` is its session, `g` that one's gateway.
export const SILENT_MS = `(extract(epoch FROM clock_timestamp() - greatest(
       CASE WHEN a.agent_id IS NULL THEN l.leased_at + make_interval(secs => ($1::float8 + $3::float8) / 1000)
         WHEN a.gateway_id IS NULL THEN coalesce(a.lease_until, a.since)
         ELSE coalesce(g.heartbeat_at, a.since) + make_interval(secs => ($1::float8 + $3::float8) / 1000) END,
       a.lease_until,
       l.leased_at + make_interval(secs => $1::float8 / 1000)
     )) * 1000 - $2::float8)::float8`;
const FROM_LEASES = `job_lease l
   LEFT JOIN agent_session a ON a.tenant_id = l.tenant_id AND a.agent_id = l.agent_id
   LEFT JOIN gateway g ON g.id = a.gateway_id`;

// Longest first. What was looked at and must wait (`settle_after`) is left out, so that it hides no newer loss.
const silentLeases = sql<
  { tenant_id: string; job_id: string; attempt: number; silent_ms: number },
  [leaseMs: number, marginMs: number, heartbeatMs: number, limit: number]
>(
  'silentLeases',
  `SELECT l.tenant_id, l.job_id, l.attempt, s.silent_ms
   FROM ${FROM_LEASES} CROSS JOIN LATERAL (SELECT ${SILENT_MS} AS silent_ms) s
   WHERE s.silent_ms > 0 AND (l.settle_after IS NULL OR l.settle_after <= clock_timestamp())
   ORDER BY s.silent_ms DESC LIMIT $4`,
  { idempotent: true },
);

// A reconnect updates this row: it and the decision cannot pass each other.
const holdSession = sql<never, [tenant: string, job: string]>(
  'holdSession',
  `SELECT FROM job_lease l JOIN agent_session a ON a.tenant_id = l.tenant_id AND a.agent_id = l.agent_id
   WHERE l.tenant_id = $1 AND l.job_id = $2 FOR UPDATE OF a`,
);

const stillSilent = sql<
  { silent_ms: number },
  [leaseMs: number, marginMs: number, heartbeatMs: number, tenant: string, job: string]
>('stillSilent', `SELECT ${SILENT_MS} AS silent_ms FROM ${FROM_LEASES} WHERE l.tenant_id = $4 AND l.job_id = $5`);

const putOffLease = sql<never, [tenant: string, job: string, attempt: number, forMs: number | null]>(
  'putOffLease',
  `UPDATE job_lease SET settle_after =
     coalesce(clock_timestamp() + make_interval(secs => $4::float8 / 1000), 'infinity'::timestamptz)
   WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3`,
);

const lookAgain = sql<never, [tenant: string, job: string, attempt: number]>(
  'lookAgain',
  `UPDATE job_lease SET settle_after = NULL WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3`,
);

/** Leases whose agents are silent and that have not been put off, longest first. */
export async function listSilent(db: Queryable, bounds: SilenceBounds, limit: number): Promise<SilentLease[]> {
  const rows = await db.query(silentLeases(bounds.leaseMs, bounds.marginMs, bounds.heartbeatMs, limit));
  return rows.map((row) => ({
    tenant: row.tenant_id,
    jobId: row.job_id,
    attempt: row.attempt,
    silentMs: Math.round(row.silent_ms),
  }));
}

/**
 * For how long the agent that holds the job's lease has been silent beyond it, milliseconds; not above 0 while it may act,
 * and then so long ahead; 0 when there is no lease. Locks the agent's session: before the job, wherever both are locked.
 */
export async function silentFor(
  tx: Queryable,
  key: Omit<AttemptKey, 'attempt'>,
  bounds: SilenceBounds,
): Promise<number> {
  await tx.query(holdSession(key.tenant, key.jobId));
  const { leaseMs, marginMs, heartbeatMs } = bounds;
  const [row] = await tx.query(stillSilent(leaseMs, marginMs, heartbeatMs, key.tenant, key.jobId));
  return row ? row.silent_ms : 0;
}

/** Leaves the lease alone for a while, or (`null`) until its agent writes again. */
export async function putOff(db: Queryable, key: AttemptKey, forMs: number | null): Promise<void> {
  await db.execute(putOffLease(key.tenant, key.jobId, key.attempt, forMs));
}

/** The agent is back: when it falls silent again, the lease is looked at again. */
export async function takeUp(tx: Queryable, key: AttemptKey): Promise<void> {
  await tx.execute(lookAgain(key.tenant, key.jobId, key.attempt));
}
