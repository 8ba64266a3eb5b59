/** Attempts whose time is over. Only leases with a limit are in the index that is read. */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { AttemptKey } from './lease.store.ts';

// `job_over`: the time of the whole job, not only of this attempt.
const overdueLeases = sql<
  { tenant_id: string; job_id: string; attempt: number; job_over: boolean },
  [graceMs: number, limit: number]
>(
  'overdueLeases',
  `SELECT l.tenant_id, l.job_id, l.attempt,
     coalesce(j.timeout_at <= clock_timestamp(), false) AS job_over
   FROM job_lease l JOIN job j ON j.tenant_id = l.tenant_id AND j.id = l.job_id
   WHERE l.due_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
   ORDER BY l.due_at LIMIT $2`,
  { idempotent: true },
);

const dropDue = sql<never, [tenant: string, job: string, attempt: number]>(
  'dropDue',
  `UPDATE job_lease SET due_at = NULL WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3`,
);

/** An attempt that is over its time. */
export interface OverdueAttempt extends AttemptKey {
  readonly jobOver: boolean;
}

/** Attempts whose time has been over for `graceMs`, longest first. */
export async function listOverdue(db: Queryable, graceMs: number, limit: number): Promise<OverdueAttempt[]> {
  const rows = await db.query(overdueLeases(graceMs, limit));
  return rows.map((row) => ({
    tenant: row.tenant_id,
    jobId: row.job_id,
    attempt: row.attempt,
    jobOver: row.job_over,
  }));
}

/** Its time is dealt with: the sweep does not look at it again. */
export async function forgetDue(tx: Queryable, key: AttemptKey): Promise<void> {
  await tx.execute(dropDue(key.tenant, key.jobId, key.attempt));
}
