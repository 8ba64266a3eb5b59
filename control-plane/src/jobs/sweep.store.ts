/** What the sweeps look for: silent leases one by one, and leases whose assignment may have been lost on the way. */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { AttemptKey } from './lease.store.ts';

// Locks the session row, so that a reconnect (which updates it) and this decision cannot pass each other.
const stillSilent = sql<
  { silent_ms: number },
  [tenant: string, job: string, attempt: number, leaseMs: number, marginMs: number, heartbeatMs: number]
>(
  'stillSilent',
  `SELECT (extract(epoch FROM clock_timestamp() - (
       CASE WHEN a.gateway_id IS NULL THEN coalesce(a.lease_until, a.since)
       ELSE coalesce((SELECT heartbeat_at FROM gateway g WHERE g.id = a.gateway_id), a.since)
         + make_interval(secs => ($4::float8 + $6::float8) / 1000) END
       + make_interval(secs => $5::float8 / 1000))) * 1000)::float8 AS silent_ms
   FROM job_lease l JOIN agent_session a ON a.tenant_id = l.tenant_id AND a.agent_id = l.agent_id
   WHERE l.tenant_id = $1 AND l.job_id = $2 AND l.attempt = $3
   FOR UPDATE OF a`,
);

const unaccepted = sql<
  { tenant_id: string; job_id: string; attempt: number; agent_id: string },
  [agents: string[], olderMs: number, limit: number]
>(
  'unaccepted',
  `SELECT tenant_id, job_id, attempt, agent_id FROM job_lease
   WHERE agent_id = ANY($1::uuid[]) AND NOT accepted
     AND leased_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)
   ORDER BY leased_at LIMIT $3`,
  { idempotent: true },
);

const cancelling = sql<{ job_id: string; attempt: number; agent_id: string }, [agents: string[], limit: number]>(
  'cancelling',
  `SELECT job_id, attempt, agent_id FROM job_lease WHERE agent_id = ANY($1::uuid[]) AND cancelling LIMIT $2`,
  { idempotent: true },
);

/** For how long the lease's agent has been silent beyond it, milliseconds; not above 0 while it is not. */
export async function silentFor(
  tx: Queryable,
  key: AttemptKey,
  bounds: { leaseMs: number; marginMs: number; heartbeatMs: number },
): Promise<number> {
  const [row] = await tx.query(
    stillSilent(key.tenant, key.jobId, key.attempt, bounds.leaseMs, bounds.marginMs, bounds.heartbeatMs),
  );
  return row ? row.silent_ms : 0;
}

/** Leases of these agents that nobody has accepted for `olderMs`. */
export async function listUnaccepted(
  db: Queryable,
  agents: readonly string[],
  olderMs: number,
  limit: number,
): Promise<(AttemptKey & { agentId: string })[]> {
  const rows = await db.query(unaccepted([...agents], olderMs, limit));
  return rows.map((row) => ({ tenant: row.tenant_id, jobId: row.job_id, attempt: row.attempt, agentId: row.agent_id }));
}

/** Leases of these agents for which a cancel was asked. */
export async function listCancelling(
  db: Queryable,
  agents: readonly string[],
  limit: number,
): Promise<{ jobId: string; attempt: number; agentId: string }[]> {
  const rows = await db.query(cancelling([...agents], limit));
  return rows.map((row) => ({ jobId: row.job_id, attempt: row.attempt, agentId: row.agent_id }));
}
