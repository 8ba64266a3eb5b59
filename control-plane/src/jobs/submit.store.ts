/**
 * Submitting: job rows, their places in the ready table (or the waiting room), and the idempotency key, in the one
 * transaction of the submit.
 *
 * Invariants: a job whose state is `pending` has exactly one row in `job_ready` or `job_waiting`; a job holds its
 * concurrency key from the moment it is ready until it has ended.
 */
import type { JobRetry } from '@casare/shared/workflow';
import { sql, type Queryable } from '../platform/database/index.ts';

/** A job as it is inserted. */
export interface NewJob {
  readonly id: string;
  readonly workflowId: string;
  readonly routeId: number;
  readonly priority: number;
  readonly maxAttempts: number;
  /** JSON text. */
  readonly input: string;
  readonly requires: readonly string[];
  readonly site: string | null;
  readonly notBefore: string | null;
  readonly deadline: string | null;
  readonly concurrencyKey: string | null;
  readonly concurrencyLimit: number;
  readonly retry: JobRetry | null;
  readonly timeoutMs: number | null;
  readonly attemptTimeoutMs: number | null;
  readonly createdBy: string;
}

const insertJobs = sql<never, [tenant: string, jobs: string]>(
  'insertJobs',
  `INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, max_attempts, input, requires, site,
     not_before, deadline, concurrency_key, concurrency_limit, retry, timeout_ms, attempt_timeout_ms, created_by)
   SELECT $1, id, "workflowId", "routeId", 'pending', priority, "maxAttempts", input::jsonb, requires, site,
     "notBefore", deadline, "concurrencyKey", "concurrencyLimit", retry, "timeoutMs", "attemptTimeoutMs", "createdBy"
   FROM jsonb_to_recordset($2::jsonb) AS j(id uuid, "workflowId" uuid, "routeId" bigint, priority smallint,
     "maxAttempts" integer, input text, requires text[], site text, "notBefore" timestamptz, deadline timestamptz,
     "concurrencyKey" text, "concurrencyLimit" integer, retry jsonb, "timeoutMs" bigint, "attemptTimeoutMs" bigint,
     "createdBy" text)`,
);

const insertDeadlines = sql<never, [tenant: string, jobs: string]>(
  'insertDeadlines',
  `INSERT INTO job_deadline (tenant_id, job_id, deadline)
   SELECT $1, id, deadline FROM jsonb_to_recordset($2::jsonb) AS j(id uuid, deadline timestamptz)
   WHERE deadline IS NOT NULL`,
);

// Plain jobs go straight to the ready table, in the order given (ids rise).
const insertReady = sql<never, [tenant: string, jobs: string]>(
  'insertReady',
  `INSERT INTO job_ready (route_id, rank, tenant_id, job_id)
   SELECT "routeId", 100 - priority, $1, id
   FROM jsonb_to_recordset($2::jsonb)
     AS j(id uuid, "routeId" bigint, priority smallint, "notBefore" timestamptz, "concurrencyKey" text)
   WHERE "notBefore" IS NULL AND "concurrencyKey" IS NULL ORDER BY id`,
);

// Anything with a condition waits; the promotion that follows moves what may run at once.
const insertWaiting = sql<never, [tenant: string, jobs: string]>(
  'insertWaiting',
  `INSERT INTO job_waiting (tenant_id, job_id, route_id, rank, not_before, concurrency_key, key_limit)
   SELECT $1, id, "routeId", 100 - priority, "notBefore", "concurrencyKey", "concurrencyLimit"
   FROM jsonb_to_recordset($2::jsonb)
     AS j(id uuid, "routeId" bigint, priority smallint, "notBefore" timestamptz, "concurrencyKey" text,
       "concurrencyLimit" integer)
   WHERE "notBefore" IS NOT NULL OR "concurrencyKey" IS NOT NULL`,
);

// In one order, so that two submits that take the same keys never wait for each other in a circle.
const claimIdempotencyKeys = sql<{ key: string }, [tenant: string, keys: string]>(
  'claimIdempotencyKeys',
  `INSERT INTO idempotency_key (tenant_id, key, request_digest, job_ids)
   SELECT $1, k.key, k.digest, ARRAY(SELECT jsonb_array_elements_text(k."jobIds")::uuid)
   FROM jsonb_to_recordset($2::jsonb) AS k(key text, digest text, "jobIds" jsonb) ORDER BY k.key
   ON CONFLICT (tenant_id, key) DO NOTHING RETURNING key`,
);

const findIdempotencyKey = sql<{ request_digest: string; job_ids: string[] }, [tenant: string, key: string]>(
  'findIdempotencyKey',
  `SELECT request_digest, job_ids::text[] FROM idempotency_key WHERE tenant_id = $1 AND key = $2`,
  { idempotent: true },
);

const dropIdempotencyKeys = sql<never, [olderMs: number, limit: number]>(
  'dropIdempotencyKeys',
  `DELETE FROM idempotency_key WHERE (tenant_id, key) IN (
     SELECT tenant_id, key FROM idempotency_key
     WHERE created_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000) ORDER BY created_at LIMIT $2)`,
);

/** Inserts jobs of one tenant and puts each where it belongs; those of `direct` nowhere: the caller leases them. */
export async function insertNewJobs(
  tx: Queryable,
  tenant: string,
  jobs: readonly NewJob[],
  direct: ReadonlySet<string> = new Set(),
): Promise<void> {
  const rows = JSON.stringify(jobs);
  const queued = jobs.filter(({ id }) => !direct.has(id));
  const waits = jobs.some((job) => job.notBefore !== null || job.concurrencyKey !== null);
  const statements = [
    insertJobs(tenant, rows),
    ...(queued.length > 0 ? [insertReady(tenant, direct.size === 0 ? rows : JSON.stringify(queued))] : []),
    ...(waits ? [insertWaiting(tenant, rows)] : []),
    ...(jobs.some((job) => job.deadline !== null) ? [insertDeadlines(tenant, rows)] : []),
  ];
  await Promise.all(statements.map((statement) => tx.execute(statement)));
}

/** A key and what it stands for. */
export interface NewIdempotencyKey {
  readonly key: string;
  readonly digest: string;
  readonly jobIds: readonly string[];
}

/** Takes these different keys; gives those that were free (a racing submit waits here for the other's COMMIT). */
export async function takeIdempotencyKeys(
  tx: Queryable,
  tenant: string,
  keys: readonly NewIdempotencyKey[],
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  const rows = await tx.query(claimIdempotencyKeys(tenant, JSON.stringify(keys)));
  return new Set(rows.map((row) => row.key));
}

/** What the key was used for before. */
export async function readIdempotencyKey(
  db: Queryable,
  tenant: string,
  key: string,
): Promise<{ digest: string; jobIds: string[] } | null> {
  const [row] = await db.query(findIdempotencyKey(tenant, key));
  return row ? { digest: row.request_digest, jobIds: row.job_ids } : null;
}

/** Forgets keys older than `olderMs`, `batch` at a time. */
export async function forgetIdempotencyKeys(db: Queryable, olderMs: number, batch: number): Promise<void> {
  let dropped = batch;
  while (dropped === batch) dropped = await db.execute(dropIdempotencyKeys(olderMs, batch));
}
