/**
 * The waiting room: jobs that may not run yet (`notBefore`, a concurrency key that another job holds, a pause) and pending jobs
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

// Two replicas that count the holders of one key at once would both let a job in: keys are given away one promotion at a
// time. The lock ends with the transaction, which is short.
const lockKeys = sql<{ locked: string }, []>(
  'lockKeys',
  `SELECT pg_advisory_xact_lock(hashtextextended('casare job_key', 0))::text AS locked`,
);

// Those that a person paused stand in no line. A job whose last attempt may still act waits until that is over (`fence.store.ts`), and for no key before.
const NOT_FENCED = 'NOT EXISTS (SELECT FROM job_fence f WHERE f.tenant_id = w.tenant_id AND f.job_id = w.job_id)';
const MAY_RUN = `NOT w.held AND ${NOT_FENCED}`;

// A key has one limit at a time: the smallest of those that hold it and of those that were let in before. Who waits for
// a key is let in strictly in order (rank, then age), so that a job with a small limit is not passed for ever. A retried
// job holds its key all the while. Rows are chosen without locks; whoever cancels one of them meanwhile is not waited for.
const promoteDue = sql<{ tenant_id: string; job_id: string; route_id: number; rank: number }, [limit: number]>(
  'promoteDue',
  `WITH held AS MATERIALIZED (
     SELECT tenant_id, concurrency_key, count(*)::int AS holders, min(key_limit) AS strictest
     FROM job_key GROUP BY tenant_id, concurrency_key
   ), keys AS MATERIALIZED (
     SELECT DISTINCT tenant_id, concurrency_key FROM job_waiting WHERE concurrency_key IS NOT NULL
   ), first_in_line AS (
     SELECT w.tenant_id, w.job_id, w.rank,
       coalesce(h.holders, 0) + row_number() OVER line <= least(h.strictest, min(w.key_limit) OVER line) AS admitted
     FROM keys k
     LEFT JOIN held h ON h.tenant_id = k.tenant_id AND h.concurrency_key = k.concurrency_key
     CROSS JOIN LATERAL (
       SELECT * FROM job_waiting w
       WHERE w.tenant_id = k.tenant_id AND w.concurrency_key = k.concurrency_key
         AND (w.not_before IS NULL OR w.not_before <= clock_timestamp()) AND ${MAY_RUN}
         AND NOT EXISTS (SELECT FROM job_key o WHERE o.tenant_id = w.tenant_id AND o.job_id = w.job_id)
       ORDER BY w.rank, w.job_id LIMIT $1) w
     WINDOW line AS (PARTITION BY w.tenant_id, w.concurrency_key ORDER BY w.rank, w.job_id ROWS UNBOUNDED PRECEDING)
   ), chosen AS (
     SELECT tenant_id, job_id, rank FROM first_in_line WHERE admitted
     UNION ALL
     SELECT w.tenant_id, w.job_id, w.rank FROM job_waiting w
     WHERE (w.not_before IS NULL OR w.not_before <= clock_timestamp()) AND ${MAY_RUN}
       AND (w.concurrency_key IS NULL
         OR EXISTS (SELECT FROM job_key o WHERE o.tenant_id = w.tenant_id AND o.job_id = w.job_id))
     ORDER BY rank, job_id LIMIT $1
   ), due AS (
     SELECT w.* FROM chosen c JOIN job_waiting w ON w.tenant_id = c.tenant_id AND w.job_id = c.job_id
     WHERE NOT w.held
     FOR UPDATE OF w SKIP LOCKED
   ), keyed AS (
     INSERT INTO job_key (tenant_id, concurrency_key, job_id, key_limit)
     SELECT tenant_id, concurrency_key, job_id, key_limit FROM due WHERE concurrency_key IS NOT NULL
     ON CONFLICT DO NOTHING
   )
   DELETE FROM job_waiting w USING due d WHERE w.tenant_id = d.tenant_id AND w.job_id = d.job_id
   RETURNING w.tenant_id, w.job_id, w.route_id, w.rank`,
);

const passedDeadlines = sql<{ tenant_id: string; job_id: string }, [limit: number]>(
  'passedDeadlines',
  `SELECT tenant_id, job_id FROM job_deadline WHERE deadline <= clock_timestamp() ORDER BY deadline LIMIT $1`,
  { idempotent: true },
);

// A job that is still here and holds no key waits for one of those that do, or for one before it in line.
const waitOf = sql<{ not_before: Date | null; holder: string | null; fenced: boolean }, [tenant: string, job: string]>(
  'waitOf',
  `SELECT CASE WHEN w.not_before > clock_timestamp() THEN w.not_before END AS not_before,
     (SELECT k.job_id FROM job_key k WHERE k.tenant_id = w.tenant_id AND k.concurrency_key = w.concurrency_key
        AND NOT EXISTS (SELECT FROM job_key o WHERE o.tenant_id = w.tenant_id AND o.job_id = w.job_id)
      ORDER BY k.job_id LIMIT 1) AS holder, NOT ${NOT_FENCED} AS fenced
   FROM job_waiting w WHERE w.tenant_id = $1 AND w.job_id = $2`,
  { idempotent: true },
);

/** What keeps a job out of the queue; `null` when nothing does. */
export async function findWait(db: Queryable, tenant: string, jobId: string): Promise<Wait | null> {
  const [row] = await db.query(waitOf(tenant, jobId));
  if (!row || (row.not_before === null && row.holder === null && !row.fenced)) return null;
  return { notBefore: row.not_before, holder: row.holder, stopping: row.fenced };
}

/** Takes jobs that may run now out of the waiting room; the caller offers them to the queue in the same transaction. */
export async function takeDue(tx: Queryable, limit: number): Promise<Promoted[]> {
  await tx.query(lockKeys());
  const rows = await tx.query(promoteDue(limit));
  return rows.map((row) => ({ tenant: row.tenant_id, jobId: row.job_id, routeId: row.route_id, rank: row.rank }));
}

/** Pending jobs whose deadline has passed. */
export async function listPassedDeadlines(db: Queryable, limit: number): Promise<{ tenant: string; jobId: string }[]> {
  return (await db.query(passedDeadlines(limit))).map((row) => ({ tenant: row.tenant_id, jobId: row.job_id }));
}
