/**
 * The waiting room: jobs that may not run yet (`notBefore`, a concurrency key that another job holds) and pending jobs
 * whose deadline passed. Each sweep moves a bounded number in one transaction.
 */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { Wait } from './why-pending.decision.ts';

/** A job that may run now. */
export interface Promoted {
  readonly tenant: string;
  readonly jobId: string;
  readonly routeId: number;
  readonly rank: number;
}

// Of the jobs that wait for one free key only the first wins: the key's primary key decides, DO NOTHING lets the others wait on.
const promoteDue = sql<{ tenant_id: string; job_id: string; route_id: number; rank: number }, [limit: number]>(
  'promoteDue',
  `WITH due AS (
     SELECT w.tenant_id, w.job_id, w.route_id, w.rank, w.concurrency_key
     FROM job_waiting w
     LEFT JOIN job_key k ON k.tenant_id = w.tenant_id AND k.concurrency_key = w.concurrency_key AND k.job_id <> w.job_id
     WHERE (w.not_before IS NULL OR w.not_before <= clock_timestamp()) AND k.job_id IS NULL
     ORDER BY w.rank, w.job_id LIMIT $1
     FOR UPDATE OF w SKIP LOCKED
   ), firsts AS (
     SELECT DISTINCT ON (tenant_id, concurrency_key) tenant_id, concurrency_key, job_id
     FROM due WHERE concurrency_key IS NOT NULL ORDER BY tenant_id, concurrency_key, rank, job_id
   ), keyed AS (
     INSERT INTO job_key (tenant_id, concurrency_key, job_id)
     SELECT tenant_id, concurrency_key, job_id FROM firsts
     ON CONFLICT (tenant_id, concurrency_key) DO UPDATE SET job_id = job_key.job_id
     RETURNING tenant_id, job_id
   )
   DELETE FROM job_waiting w USING due d
   WHERE w.tenant_id = d.tenant_id AND w.job_id = d.job_id
     AND (d.concurrency_key IS NULL OR EXISTS
       (SELECT 1 FROM keyed k WHERE k.tenant_id = d.tenant_id AND k.job_id = d.job_id))
   RETURNING w.tenant_id, w.job_id, w.route_id, w.rank`,
);

const passedDeadlines = sql<{ tenant_id: string; job_id: string }, [limit: number]>(
  'passedDeadlines',
  `SELECT tenant_id, job_id FROM job_deadline WHERE deadline <= clock_timestamp() ORDER BY deadline LIMIT $1`,
  { idempotent: true },
);

const waitOf = sql<{ not_before: Date | null; holder: string | null }, [tenant: string, job: string]>(
  'waitOf',
  `SELECT CASE WHEN w.not_before > clock_timestamp() THEN w.not_before END AS not_before, k.job_id AS holder
   FROM job_waiting w
   LEFT JOIN job_key k ON k.tenant_id = w.tenant_id AND k.concurrency_key = w.concurrency_key AND k.job_id <> w.job_id
   WHERE w.tenant_id = $1 AND w.job_id = $2`,
  { idempotent: true },
);

/** What keeps a job out of the queue; `null` when nothing does. */
export async function findWait(db: Queryable, tenant: string, jobId: string): Promise<Wait | null> {
  const [row] = await db.query(waitOf(tenant, jobId));
  if (!row || (row.not_before === null && row.holder === null)) return null;
  return { notBefore: row.not_before, holder: row.holder };
}

/** Takes jobs that may run now out of the waiting room; the caller offers them to the queue in the same transaction. */
export async function takeDue(tx: Queryable, limit: number): Promise<Promoted[]> {
  const rows = await tx.query(promoteDue(limit));
  return rows.map((row) => ({ tenant: row.tenant_id, jobId: row.job_id, routeId: row.route_id, rank: row.rank }));
}

/** Pending jobs whose deadline has passed. */
export async function listPassedDeadlines(db: Queryable, limit: number): Promise<{ tenant: string; jobId: string }[]> {
  return (await db.query(passedDeadlines(limit))).map((row) => ({ tenant: row.tenant_id, jobId: row.job_id }));
}
