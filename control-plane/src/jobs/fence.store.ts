/**
 * Attempts that were ended over the head of their agent: by a person, or because their time was over.
 *
 * Invariant: a fence stands from the transaction that takes the lease away until the attempt cannot begin anything any
 * more, and while it stands no new attempt of the job begins. That is so when its agent says that it has stopped; when the
 * agent is silent beyond its lease; or a lease after it was told over the session that it has: the messages of a session
 * arrive in order, so a lease that it believes in without having read of the fence was granted before.
 */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { AttemptKey } from './lease.store.ts';
import { SILENT_MS, type SilenceBounds } from './silence.store.ts';

/** A fenced attempt and whose it is. */
export interface Fence extends AttemptKey {
  readonly agentId: string;
}

/** A tunnel of this replica. */
export interface TunnelRef {
  readonly agentId: string;
  readonly sessionId: string;
}

const raiseFence = sql<never, [tenant: string, job: string, attempt: number]>(
  'raiseFence',
  `INSERT INTO job_fence (tenant_id, job_id, attempt, agent_id, leased_at)
   SELECT tenant_id, job_id, attempt, agent_id, leased_at FROM job_lease
   WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3
   ON CONFLICT DO NOTHING`,
);

const fencesOfJob = sql<{ n: number }, [tenant: string, job: string]>(
  'fencesOfJob',
  `SELECT count(*)::int AS n FROM job_fence WHERE tenant_id = $1 AND job_id = $2`,
);

const untoldFences = sql<
  { tenant_id: string; job_id: string; attempt: number; agent_id: string; session_id: string },
  [agents: string[], sessions: string[], limit: number]
>(
  'untoldFences',
  `SELECT f.tenant_id, f.job_id, f.attempt, f.agent_id, w.session_id
   FROM unnest($1::uuid[], $2::uuid[]) AS w(agent_id, session_id)
   JOIN job_fence f ON f.agent_id = w.agent_id
   WHERE f.told_session IS DISTINCT FROM w.session_id
   ORDER BY f.fenced_at LIMIT $3`,
  { idempotent: true },
);

// After it was sent, so that the moment is never too early.
const noteTold = sql<never, [tenant: string, job: string, attempt: number, session: string]>(
  'noteTold',
  `UPDATE job_fence SET told_session = $4, told_at = clock_timestamp()
   WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3`,
);

const dropFence = sql<never, [tenant: string, job: string, attempt: number, agent: string]>(
  'dropFence',
  `DELETE FROM job_fence WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3 AND agent_id = $4`,
);

const dropOver = sql<never, [leaseMs: number, marginMs: number, heartbeatMs: number, limit: number]>(
  'dropOver',
  `WITH over AS (
     SELECT l.tenant_id, l.job_id, l.attempt FROM job_fence l
     LEFT JOIN agent_session a ON a.tenant_id = l.tenant_id AND a.agent_id = l.agent_id
     LEFT JOIN gateway g ON g.id = a.gateway_id
     WHERE ${SILENT_MS} > 0 OR (l.told_session = a.session_id
       AND l.told_at + make_interval(secs => ($1::float8 + $2::float8) / 1000) < clock_timestamp())
     LIMIT $4 FOR UPDATE OF l SKIP LOCKED
   )
   DELETE FROM job_fence f USING over o
   WHERE f.tenant_id = o.tenant_id AND f.job_id = o.job_id AND f.attempt = o.attempt`,
);

/** Notes that the lease, which the caller holds and is about to end, is taken away from an agent that may still act. */
export async function raise(tx: Queryable, key: AttemptKey): Promise<void> {
  await tx.execute(raiseFence(key.tenant, key.jobId, key.attempt));
}

/** True while an ended attempt of the job may still act. */
export async function isFenced(tx: Queryable, tenant: string, jobId: string): Promise<boolean> {
  return (await tx.query(fencesOfJob(tenant, jobId)))[0]!.n > 0;
}

/** Fences that were not told over these tunnels, oldest first. */
export async function listUntold(
  db: Queryable,
  tunnels: readonly TunnelRef[],
  limit: number,
): Promise<(Fence & { sessionId: string })[]> {
  const agents = tunnels.map(({ agentId }) => agentId);
  const sessions = tunnels.map(({ sessionId }) => sessionId);
  return (await db.query(untoldFences(agents, sessions, limit))).map((row) => ({
    tenant: row.tenant_id,
    jobId: row.job_id,
    attempt: row.attempt,
    agentId: row.agent_id,
    sessionId: row.session_id,
  }));
}

/** Notes that the agent was told over this session. */
export async function told(db: Queryable, key: AttemptKey, sessionId: string): Promise<void> {
  await db.execute(noteTold(key.tenant, key.jobId, key.attempt, sessionId));
}

/** The agent says that nothing of the attempt runs any more; false when there was no such fence of its. */
export async function stopped(db: Queryable, { tenant, jobId, attempt, agentId }: Fence): Promise<boolean> {
  return (await db.execute(dropFence(tenant, jobId, attempt, agentId))) === 1;
}

/** Takes away the fences of attempts that can begin nothing any more; how many. */
export function dropPassed(db: Queryable, bounds: SilenceBounds, limit: number): Promise<number> {
  return db.execute(dropOver(bounds.leaseMs, bounds.marginMs, bounds.heartbeatMs, limit));
}
