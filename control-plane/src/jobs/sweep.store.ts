/** What the sweeps look for: leases whose assignment, or whose cancel, may have been lost on the way. */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { AttemptKey } from './lease.store.ts';

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
