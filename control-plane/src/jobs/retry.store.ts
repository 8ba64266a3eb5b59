/** Failed attempts: what decides about another one, and what is kept of them. Called with the jobs locked. */
import type { DeadReason } from '@casare/shared/api';
import type { WorkflowError } from '@casare/shared/protocol';
import { JobRetry } from '@casare/shared/workflow';
import { sql, type Queryable } from '../platform/database/index.ts';
import { jsonb } from '../platform/jsonb.ts';
import type { AttemptKey } from './lease.store.ts';
import type { StepRecord } from './retry.decision.ts';

/** A job whose attempt failed. */
export interface FailureFacts {
  readonly policy: JobRetry | null;
  readonly firstAttempt: number;
  /** This one included. */
  readonly failures: number;
  readonly leftMs: number | null;
}

// The attempts of one job are few: its history is read instead of a counter that every job would carry.
const failureFacts = sql<
  { job_id: string; retry: unknown; first_attempt: number; failures: number; left_ms: number | null },
  [tenants: string[], jobs: string[]]
>(
  'failureFacts',
  `SELECT j.id AS job_id, j.retry, j.first_attempt,
     1 + (SELECT count(*)::int FROM job_attempt a WHERE a.tenant_id = j.tenant_id AND a.job_id = j.id
        AND a.attempt >= j.first_attempt AND a.outcome = 'retried') AS failures,
     (extract(epoch FROM least(j.deadline, j.timeout_at) - clock_timestamp()) * 1000)::float8 AS left_ms
   FROM unnest($1::text[], $2::uuid[]) AS w(tenant_id, job_id)
   JOIN job j ON j.tenant_id = w.tenant_id AND j.id = w.job_id
   WHERE j.tenant_id = ANY($1) AND j.id = ANY($2)`,
);

// Starts and ends only, without what they carry: a journal may be long, and its outputs large.
const stepRecords = sql<
  { job_id: string; type: string; position: string; on_restart: string | null; certain: boolean | null },
  [tenants: string[], jobs: string[], firsts: number[]]
>(
  'stepRecords',
  `SELECT e.job_id, e.body->>'type' AS type, e.body->>'position' AS position, e.body->>'onRestart' AS on_restart,
     (e.body->>'certain')::boolean AS certain
   FROM unnest($1::text[], $2::uuid[], $3::int[]) AS w(tenant_id, job_id, first)
   JOIN job_event e ON e.tenant_id = w.tenant_id AND e.job_id = w.job_id AND e.attempt >= w.first
   WHERE e.tenant_id = ANY($1) AND e.job_id = ANY($2) AND e.body->>'type' = ANY('{step.started,step.completed,step.failed}')
   ORDER BY e.job_id, e.attempt, e.seq`,
);

const keepErrors = sql<never, [attempts: string, tenants: string[], jobs: string[]]>(
  'keepErrors',
  `UPDATE job_attempt a SET error = e.error
   FROM jsonb_to_recordset($1::jsonb) AS e(tenant text, "jobId" uuid, attempt integer, error jsonb)
   WHERE a.tenant_id = e.tenant AND a.job_id = e."jobId" AND a.attempt = e.attempt
     AND a.tenant_id = ANY($2::text[]) AND a.job_id = ANY($3::uuid[])`,
);

// Only what really ended so: a cancelled job whose agent refused it is no dead letter.
const buryJobs = sql<never, [tenants: string[], jobs: string[], reasons: string[]]>(
  'buryJobs',
  `UPDATE job j SET dead_letter = e.reason
   FROM unnest($1::text[], $2::uuid[], $3::text[]) AS e(tenant_id, job_id, reason)
   WHERE j.tenant_id = e.tenant_id AND j.id = e.job_id AND j.state = ANY('{failed,timed_out}')
     AND j.tenant_id = ANY($1) AND j.id = ANY($2)`,
);

interface JobKey {
  readonly tenant: string;
  readonly jobId: string;
}

/** What decides about failed attempts, by job id. */
export async function readFailureFacts(tx: Queryable, jobs: readonly JobKey[]): Promise<Map<string, FailureFacts>> {
  const rows = await tx.query(
    failureFacts(
      jobs.map((job) => job.tenant),
      jobs.map((job) => job.jobId),
    ),
  );
  return new Map(
    rows.map((row) => [
      row.job_id,
      {
        policy: row.retry === null ? null : JobRetry.parse(row.retry),
        firstAttempt: row.first_attempt,
        failures: row.failures,
        leftMs: row.left_ms,
      },
    ]),
  );
}

/** The recorded starts and ends of the steps since each job's first attempt, oldest first, by job id. */
export async function readStepRecords(
  tx: Queryable,
  jobs: readonly (JobKey & { readonly firstAttempt: number })[],
): Promise<Map<string, StepRecord[]>> {
  const rows = await tx.query(
    stepRecords(
      jobs.map((job) => job.tenant),
      jobs.map((job) => job.jobId),
      jobs.map((job) => job.firstAttempt),
    ),
  );
  const records = rows.map((row) => ({ ...row, onRestart: row.on_restart }));
  return Map.groupBy(records, (record) => record.job_id);
}

/** Keeps why attempts failed. */
export async function keepAttemptErrors(
  tx: Queryable,
  attempts: readonly (AttemptKey & { readonly error: WorkflowError })[],
): Promise<void> {
  const rows = attempts.map(({ tenant, jobId, attempt, error }) => ({ tenant, jobId, attempt, error }));
  await tx.execute(
    keepErrors(
      jsonb(rows),
      rows.map(({ tenant }) => tenant),
      rows.map(({ jobId }) => jobId),
    ),
  );
}

/** Makes dead letters of jobs that have just failed. */
export async function bury(tx: Queryable, jobs: readonly (JobKey & { readonly reason: DeadReason })[]): Promise<void> {
  if (jobs.length === 0) return;
  await tx.execute(
    buryJobs(
      jobs.map((job) => job.tenant),
      jobs.map((job) => job.jobId),
      jobs.map((job) => job.reason),
    ),
  );
}
