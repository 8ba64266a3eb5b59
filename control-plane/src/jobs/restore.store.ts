/** What a restore from backup changes in the record of jobs, and what is asked of it when agents come back. */
import type { JobState } from '@casare/shared/api';
import { sourcesOf } from '@casare/shared/lifecycle';
import { LEASE_MS } from '@casare/shared/protocol';
import { sql, type Queryable } from '../platform/database/index.ts';
import { jsonb } from '../platform/jsonb.ts';
import { JOB } from './job.lifecycle.ts';
import type { AttemptKey } from './lease.store.ts';

/** A job that waits to be run, as a page of all gives it. */
export interface PendingJob {
  readonly tenant: string;
  readonly jobId: string;
  readonly workflowId: string;
  readonly firstAttempt: number;
  readonly retried: number;
  /** This generation has had an attempt: there may be a journal. */
  readonly tried: boolean;
}

/** Moments on the database's clock, milliseconds since 1970. */
export interface RestoreMoment {
  readonly failedAt: number;
  readonly now: number;
}

/** What the declaration of a restore changed. */
export interface Declared {
  readonly epoch: number;
  readonly leases: number;
}

// A pending job is in one of the two; nothing but them lists the pending ones.
const pendingPage = sql<PendingJob, [tenant: string, job: string, limit: number]>(
  'restorePendingPage',
  `SELECT j.tenant_id AS tenant, j.id AS "jobId", j.workflow_id AS "workflowId", j.first_attempt AS "firstAttempt",
     j.attempt >= j.first_attempt AS tried, (SELECT count(*)::int FROM job_attempt a WHERE a.tenant_id = j.tenant_id
       AND a.job_id = j.id AND a.attempt >= j.first_attempt AND a.outcome = 'retried') AS retried
   FROM (
     (SELECT tenant_id, job_id FROM job_ready WHERE (tenant_id, job_id) > ($1, $2::uuid) ORDER BY 1, 2 LIMIT $3)
     UNION ALL
     (SELECT tenant_id, job_id FROM job_waiting WHERE (tenant_id, job_id) > ($1, $2::uuid) ORDER BY 1, 2 LIMIT $3)
     ORDER BY 1, 2 LIMIT $3
   ) w
   JOIN job j ON j.tenant_id = w.tenant_id AND j.id = w.job_id
   ORDER BY j.tenant_id, j.id`,
);

const doubtJobs = sql<never, [tenants: string[], jobs: string[], from: JobState[], review: string]>(
  'restoreDoubtJobs',
  `WITH moved AS (
     UPDATE job j SET state = 'needs_review', review = $4::jsonb, dead_letter = NULL
     FROM unnest($1::text[], $2::uuid[]) AS w(tenant_id, job_id)
     WHERE j.tenant_id = w.tenant_id AND j.id = w.job_id AND j.state = ANY($3)
     RETURNING j.tenant_id, j.id
   ), ready AS (
     DELETE FROM job_ready r USING moved m WHERE r.tenant_id = m.tenant_id AND r.job_id = m.id
   ), waiting AS (
     DELETE FROM job_waiting r USING moved m WHERE r.tenant_id = m.tenant_id AND r.job_id = m.id
   ), deadlines AS (
     DELETE FROM job_deadline r USING moved m WHERE r.tenant_id = m.tenant_id AND r.job_id = m.id
   )
   SELECT FROM moved`,
);

// Seconds since 2020, so that a record that is restored twice from one backup never has the same epoch again.
const raiseEpoch = sql<{ epoch: number }, [failedAt: Date]>(
  'restoreRaiseEpoch',
  `UPDATE store SET epoch = greatest(epoch + 1, extract(epoch FROM clock_timestamp())::bigint - 1577836800),
     restored_at = clock_timestamp(), failed_at = $1 RETURNING epoch`,
);

// Of every job that may ever be leased again. Not of those that wait for a person only: an ended one may be retried.
const skipAttempts = sql<never, [skip: number]>(
  'restoreSkipAttempts',
  `UPDATE job SET attempt_skip = attempt_skip + $1 WHERE state <> 'succeeded'`,
);

// Accepted: an assignment may have reached its agent after the backup, so it is never sent a second time.
const doubtLeases = sql<never, []>(
  'restoreDoubtLeases',
  `UPDATE job_lease SET restored = true, accepted = true, settle_after = NULL`,
);

// The sessions of the record are nobody's. Agents get the time of a lease to come back, as if they had left just now.
const endSessions = sql<never, [leaseMs: number]>(
  'restoreEndSessions',
  `UPDATE agent_session SET gateway_id = NULL, since = clock_timestamp(),
     lease_until = clock_timestamp() + make_interval(secs => $1::float8 / 1000)`,
);
const dropGateways = sql<never, []>('restoreDropGateways', `DELETE FROM gateway`);

const heartbeats = sql<{ id: string; at: Date }, []>(
  'restoreHeartbeats',
  `SELECT id, heartbeat_at AS at FROM gateway`,
  { idempotent: true },
);

const restoreMoment = sql<RestoreMoment, []>(
  'restoreMoment',
  `SELECT (extract(epoch FROM failed_at) * 1000)::float8 AS "failedAt",
     (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
   FROM store WHERE failed_at IS NOT NULL`,
);

const confirmLease = sql<never, [tenant: string, job: string, attempt: number]>(
  'restoreConfirmLease',
  `UPDATE job_lease SET restored = false WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3`,
);

/** Jobs that wait to be run, of all tenants, after `after` in the order of their keys. */
export function listPending(
  db: Queryable,
  after: { readonly tenant: string; readonly jobId: string },
  limit: number,
): Promise<PendingJob[]> {
  return db.query(pendingPage(after.tenant, after.jobId, limit));
}

/** Takes pending jobs out of the queue: each waits for a person, who is told the reason. How many. */
export function doubt(
  db: Queryable,
  jobs: readonly { readonly tenant: string; readonly jobId: string }[],
  reason: string,
): Promise<number> {
  const tenants = jobs.map(({ tenant }) => tenant);
  const ids = jobs.map(({ jobId }) => jobId);
  return db.execute(doubtJobs(tenants, ids, sourcesOf(JOB, 'doubt'), jsonb({ reason, position: null })));
}

/** Declares that the record was restored; with it every lease is in doubt, and the next attempts are numbered beyond `skip`. */
export async function declare(tx: Queryable, failedAt: Date, skip: number): Promise<Declared> {
  const [{ epoch } = { epoch: 0 }] = await tx.query(raiseEpoch(failedAt));
  await tx.execute(skipAttempts(skip));
  const leases = await tx.execute(doubtLeases());
  await tx.execute(endSessions(LEASE_MS));
  await tx.execute(dropGateways());
  return { epoch, leases };
}

/** The last heartbeat of each gateway on record, milliseconds since 1970. */
export async function listHeartbeats(db: Queryable): Promise<ReadonlyMap<string, number>> {
  return new Map((await db.query(heartbeats())).map(({ id, at }) => [id, at.getTime()]));
}

/** When the restored record's predecessor failed; null when the record was never restored. */
export async function findRestore(tx: Queryable): Promise<RestoreMoment | null> {
  return (await tx.query(restoreMoment()))[0] ?? null;
}

/** The agent has come back and goes on: the lease is as any other. */
export async function confirm(tx: Queryable, { tenant, jobId, attempt }: AttemptKey): Promise<void> {
  await tx.execute(confirmLease(tenant, jobId, attempt));
}
