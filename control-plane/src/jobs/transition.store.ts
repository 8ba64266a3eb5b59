/**
 * The one place that writes `job.state` outside leasing and recording: each move names its event, the SQL guard comes
 * from the lifecycle table.
 */
import type { JobState } from '@casare/shared/api';
import { next, sourcesOf } from '@casare/shared/lifecycle';
import { sql, type Queryable } from '../platform/database/index.ts';
import { jsonb } from '../platform/jsonb.ts';
import { ENDED, JOB, type JobEvent } from './job.lifecycle.ts';

/** What a move changes besides the state; absent members stay as they are. */
export interface Change {
  readonly output?: unknown;
  readonly error?: unknown;
  /** `null` clears it. */
  readonly review?: { reason: string; position: string | null } | null;
  /** Opens a new generation: output, error and end are cleared, the journal starts anew. */
  readonly newGeneration?: boolean;
}

/** A job as a move needs it. */
export interface LockedJob {
  readonly state: JobState;
  readonly attempt: number;
  readonly firstAttempt: number;
  /** Attempts of this generation that failed and were followed by another: they are no lost ones. */
  readonly retried: number;
  /** Attempts of this generation, the last one included, without those. */
  readonly tries: number;
  readonly maxAttempts: number;
  readonly routeId: number;
  readonly rank: number;
  readonly workflowId: string;
  readonly notBefore: Date | null;
  readonly deadline: Date | null;
  readonly concurrencyKey: string | null;
}

interface JobRow {
  readonly state: JobState;
  readonly attempt: number;
  readonly first_attempt: number;
  readonly retried: number;
  readonly tries: number;
  readonly max_attempts: number;
  readonly route_id: number;
  readonly rank: number;
  readonly workflow_id: string;
  readonly not_before: Date | null;
  readonly deadline: Date | null;
  readonly concurrency_key: string | null;
}

const lockJob = sql<JobRow, [tenant: string, job: string]>(
  'lockJob',
  `SELECT state, attempt, first_attempt, max_attempts, route_id, 100 - priority AS rank, workflow_id, not_before,
     deadline, concurrency_key, (SELECT count(*)::int FROM job_attempt a WHERE a.tenant_id = $1 AND a.job_id = $2
       AND a.attempt >= first_attempt AND a.outcome = 'retried') AS retried,
     1 + (SELECT count(*)::int FROM job_attempt a WHERE a.tenant_id = $1 AND a.job_id = $2
       AND a.attempt >= first_attempt AND a.attempt < job.attempt AND a.outcome IS DISTINCT FROM 'retried') AS tries
   FROM job WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
);

const moveJob = sql<
  never,
  [
    tenant: string,
    job: string,
    from: JobState[],
    to: JobState,
    ended: boolean,
    output: string | null,
    error: string | null,
    review: string | null,
    keepReview: boolean,
    newGeneration: boolean,
  ]
>(
  'moveJob',
  `UPDATE job SET state = $4,
     ended_at = CASE WHEN $5 THEN clock_timestamp() ELSE NULL END,
     output = CASE WHEN $10 THEN NULL ELSE coalesce($6::jsonb, output) END,
     error = CASE WHEN $10 THEN NULL ELSE coalesce($7::jsonb, error) END,
     review = CASE WHEN $9 THEN review ELSE $8::jsonb END,
     dead_letter = NULL,
     generation = generation + $10::int,
     first_attempt = CASE WHEN $10 THEN attempt + 1 ELSE first_attempt END,
     started_at = CASE WHEN $10 THEN NULL ELSE started_at END,
     timeout_at = CASE WHEN $10 THEN NULL ELSE timeout_at END,
     -- A person who runs it again overrules a deadline that has passed.
     deadline = CASE WHEN $10 AND deadline <= clock_timestamp() THEN NULL ELSE deadline END,
     agent_id = CASE WHEN $4 = 'pending' THEN NULL ELSE agent_id END
   WHERE tenant_id = $1 AND id = $2 AND state = ANY($3)`,
);

// The lease took it off the list; a job that is pending again must not outlive its deadline there, nor its time.
const listDeadline = sql<never, [tenant: string, job: string]>(
  'listDeadline',
  `INSERT INTO job_deadline (tenant_id, job_id, deadline)
   SELECT tenant_id, id, least(deadline, timeout_at)
   FROM job WHERE tenant_id = $1 AND id = $2 AND (deadline IS NOT NULL OR timeout_at IS NOT NULL)
   ON CONFLICT (tenant_id, job_id) DO UPDATE SET deadline = excluded.deadline`,
);

// The next job that waits for the key is promoted by the sweep.
const releaseKey = sql<never, [tenants: string[], jobs: string[]]>(
  'releaseKey',
  `DELETE FROM job_key k USING unnest($1::text[], $2::uuid[]) AS e(tenant_id, job_id)
   WHERE k.tenant_id = e.tenant_id AND k.job_id = e.job_id AND k.tenant_id = ANY($1) AND k.job_id = ANY($2)`,
);

const leaveWaitingRoom = sql<never, [tenant: string, job: string]>(
  'leaveWaitingRoom',
  `WITH w AS (DELETE FROM job_waiting WHERE tenant_id = $1 AND job_id = $2)
   DELETE FROM job_deadline WHERE tenant_id = $1 AND job_id = $2`,
);

const enterWaitingRoom = sql<never, [tenant: string, job: string, delayMs: number]>(
  'enterWaitingRoom',
  `INSERT INTO job_waiting (tenant_id, job_id, route_id, rank, not_before, concurrency_key, key_limit)
   SELECT tenant_id, id, route_id, 100 - priority,
     CASE WHEN $3 > 0 THEN clock_timestamp() + make_interval(secs => $3::float8 / 1000) END, concurrency_key, concurrency_limit
   FROM job WHERE tenant_id = $1 AND id = $2`,
);

// The record says who settled it; the step's own row follows.
const settleDoubt = sql<never, [tenant: string, job: string, output: string, actor: string]>(
  'settleDoubt',
  `WITH doubt AS (
     SELECT e.tenant_id, e.job_id, e.attempt, e.seq, e.body,
       (SELECT max(m.seq) + 1 FROM job_event m
         WHERE m.tenant_id = e.tenant_id AND m.job_id = e.job_id AND m.attempt = e.attempt) AS word
     FROM job j JOIN job_event e ON e.tenant_id = j.tenant_id AND e.job_id = j.id AND e.attempt >= j.first_attempt
     WHERE j.tenant_id = $1 AND j.id = $2 AND e.body->>'type' = 'step.started'
       AND e.body->>'position' = j.review->>'position'
     ORDER BY e.attempt DESC, e.seq DESC LIMIT 1
   ), step AS (
     UPDATE job_step s SET state = 'completed', ended_at = clock_timestamp(), ended_seq = d.word, output = $3::jsonb
     FROM doubt d WHERE s.tenant_id = d.tenant_id AND s.job_id = d.job_id AND s.attempt = d.attempt AND s.seq = d.seq
   )
   INSERT INTO job_event (tenant_id, job_id, attempt, seq, at, body)
   SELECT d.tenant_id, d.job_id, d.attempt, d.word, clock_timestamp(),
     jsonb_build_object('type', 'step.completed', 'path', d.body->'path', 'position', d.body->'position',
       'output', $3::jsonb, 'durationMs', 0, 'settledBy', $4::text)
   FROM doubt d`,
);

/** Locks a job; `null` when there is none. */
export async function lockForMove(tx: Queryable, tenant: string, jobId: string): Promise<LockedJob | null> {
  const [row] = await tx.query(lockJob(tenant, jobId));
  if (!row) return null;
  return {
    state: row.state,
    attempt: row.attempt,
    firstAttempt: row.first_attempt,
    retried: row.retried,
    tries: row.tries,
    maxAttempts: row.max_attempts,
    routeId: row.route_id,
    rank: row.rank,
    workflowId: row.workflow_id,
    notBefore: row.not_before,
    deadline: row.deadline,
    concurrencyKey: row.concurrency_key,
  };
}

/** Moves a locked job by `event`; the new state, or `null` when the table forbids it. */
export async function move(
  tx: Queryable,
  key: { tenant: string; jobId: string; state: JobState },
  event: JobEvent,
  change: Change = {},
): Promise<JobState | null> {
  const to = next(JOB, key.state, event);
  if (!to) return null;
  const text = (value: unknown): string | null => (value === undefined || value === null ? null : jsonb(value));
  const ended = ENDED.includes(to);
  const done = await tx.execute(
    moveJob(
      key.tenant,
      key.jobId,
      sourcesOf(JOB, event),
      to,
      ended,
      text(change.output),
      text(change.error),
      text(change.review),
      change.review === undefined,
      change.newGeneration ?? false,
    ),
  );
  if (done !== 1) return null;
  if (ended) await releaseKeys(tx, [key]);
  if (to === 'pending') await tx.execute(listDeadline(key.tenant, key.jobId));
  return to;
}

/** Frees the concurrency keys of jobs that ended. */
export async function releaseKeys(tx: Queryable, jobs: readonly { tenant: string; jobId: string }[]): Promise<void> {
  if (jobs.length === 0) return;
  await tx.execute(
    releaseKey(
      jobs.map((job) => job.tenant),
      jobs.map((job) => job.jobId),
    ),
  );
}

/** Takes a pending job out of the waiting room and off the deadline list. */
export async function stopWaiting(tx: Queryable, tenant: string, jobId: string): Promise<void> {
  await tx.execute(leaveWaitingRoom(tenant, jobId));
}

/** Lists when a job that is pending again must have started. */
export async function relistDeadline(tx: Queryable, tenant: string, jobId: string): Promise<void> {
  await tx.execute(listDeadline(tenant, jobId));
}

/** Puts a job into the waiting room: for `delayMs`, and until it holds its concurrency key. */
export async function startWaiting(tx: Queryable, tenant: string, jobId: string, delayMs = 0): Promise<void> {
  await tx.execute(enterWaitingRoom(tenant, jobId, delayMs));
}

/** Records a reviewer's word that the step in doubt took effect, with this output. Before the move that clears the review. */
export async function settleStepInDoubt(
  tx: Queryable,
  tenant: string,
  jobId: string,
  output: unknown,
  actor: string,
): Promise<void> {
  await tx.execute(settleDoubt(tenant, jobId, jsonb(output), actor));
}
