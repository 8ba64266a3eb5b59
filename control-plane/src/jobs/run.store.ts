/**
 * The run record: events of many attempts written in shared statements, each fenced by its lease.
 *
 * Invariants: an event is written only while (job, attempt, agent) holds the lease, which is locked first; only events after
 * the acknowledged number are written, and it moves in the same transaction (the primary key would refuse a second one).
 */
import type { JobState } from '@casare/shared/api';
import { RunEvent } from '@casare/shared/protocol';
import { sql, type Queryable, type Statement } from '../platform/database/index.ts';
import { jsonb } from '../platform/jsonb.ts';
import { boundsOf } from './history.decision.ts';
import { ENDED } from './job.lifecycle.ts';
import type { AttemptKey } from './lease.store.ts';
import type { Fold } from './run-fold.decision.ts';

/** Whose events. */
export interface Writer extends AttemptKey {
  readonly agentId: string;
}

/** A locked lease that belongs to the writer. */
export interface HeldLease extends Writer {
  readonly ackedSeq: number;
  /** A cancel was asked for. */
  readonly cancelling: boolean;
  /** People's words about its pause, counted; odd: paused. */
  readonly pauseWord: number;
  /** Its job holds a concurrency key. */
  readonly keyed: boolean;
  readonly state: JobState;
}

/** What one attempt's batch writes. */
export interface RunWrite extends HeldLease {
  readonly events: readonly RunEvent[];
  readonly fold: Fold;
}

// Job rows are locked before leases and in one order, so that nobody waits for another in a circle. In one list of rows to
// lock the job would come last, as the partitions of a table do: hence the statement in two parts.
const lockHeld = sql<
  {
    tenant_id: string;
    job_id: string;
    attempt: number;
    agent_id: string;
    acked_seq: number;
    cancelling: boolean;
    pause_word: number;
    keyed: boolean;
    state: JobState;
  },
  [tenants: string[], jobs: string[], attempts: number[], agents: string[], first: string, last: string]
>(
  'lockHeld',
  `WITH jobs AS MATERIALIZED (
     SELECT w.tenant_id, w.job_id, w.attempt, w.agent_id, j.state, j.concurrency_key IS NOT NULL AS keyed
     FROM unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[]) AS w(tenant_id, job_id, attempt, agent_id)
     JOIN job_lease l ON l.tenant_id = w.tenant_id AND l.job_id = w.job_id AND l.attempt = w.attempt
       AND l.agent_id = w.agent_id
     JOIN job j ON j.tenant_id = w.tenant_id AND j.id = w.job_id
     WHERE l.tenant_id = ANY($1) AND l.job_id = ANY($2)
       AND j.tenant_id = ANY($1) AND j.id = ANY($2) AND j.id BETWEEN $5 AND $6
     ORDER BY w.tenant_id, w.job_id
     FOR UPDATE OF j
   )
   SELECT l.tenant_id, l.job_id, l.attempt, l.agent_id, l.acked_seq, l.cancelling, l.pause_word, w.keyed, w.state
   FROM jobs w
   JOIN job_lease l ON l.tenant_id = w.tenant_id AND l.job_id = w.job_id AND l.attempt = w.attempt
     AND l.agent_id = w.agent_id
   WHERE l.tenant_id = ANY($1) AND l.job_id = ANY($2)
   FOR UPDATE OF l`,
);

const insertEvents = sql<
  never,
  [tenants: string[], jobs: string[], attempts: number[], seqs: number[], at: string[], bodies: string]
>(
  'insertEvents',
  `INSERT INTO job_event (tenant_id, job_id, attempt, seq, at, body)
   SELECT * FROM ROWS FROM (
     unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::timestamptz[]), jsonb_array_elements($6::jsonb))`,
);

const openSteps = sql<never, [steps: string]>(
  'openSteps',
  `INSERT INTO job_step (tenant_id, job_id, attempt, seq, position, path, name, task, call, effect, state, started_at,
     ended_at, duration_ms)
   SELECT tenant, "jobId", attempt, seq, position, path, name, coalesce(task, 'skipped'), call,
     coalesce(effect, 'idempotent'), state, at, CASE WHEN state = 'skipped' THEN at END,
     CASE WHEN state = 'skipped' THEN 0 END
   FROM jsonb_to_recordset($1::jsonb) AS e(tenant text, "jobId" uuid, attempt integer, seq integer, at timestamptz,
     position text, path text, name text, task text, call text, effect text, state text)
   ON CONFLICT DO NOTHING`,
);

// A worker that dies leaves a start behind, and the next one may begin the step again: its end is of the start nearest before it,
// and the others since the end before it were interrupted.
const endSteps = sql<never, [steps: string, tenants: string[], jobs: string[], first: string, last: string]>(
  'endSteps',
  `WITH ends AS (
     SELECT e.*, coalesce(lag(seq) OVER (PARTITION BY tenant, "jobId", attempt, position ORDER BY seq), 0) AS after
     FROM jsonb_to_recordset($1::jsonb) AS e(tenant text, "jobId" uuid, attempt integer, position text, state text,
       seq integer, at timestamptz, "durationMs" bigint, output jsonb, error jsonb)
   ), begun AS (
     SELECT e.*, (
       SELECT max(b.seq) FROM job_step b
       WHERE b.tenant_id = e.tenant AND b.job_id = e."jobId" AND b.attempt = e.attempt AND b.position = e.position
         AND b.seq < e.seq AND b.job_id BETWEEN $4 AND $5
     ) AS began FROM ends e
   )
   UPDATE job_step s SET
     state = CASE s.seq WHEN e.began THEN e.state ELSE 'interrupted' END,
     ended_at = e.at,
     ended_seq = CASE s.seq WHEN e.began THEN e.seq END,
     duration_ms = CASE s.seq WHEN e.began THEN e."durationMs" END,
     output = CASE s.seq WHEN e.began THEN e.output END,
     error = CASE s.seq WHEN e.began THEN e.error END
   FROM begun e
   WHERE s.tenant_id = e.tenant AND s.job_id = e."jobId" AND s.attempt = e.attempt AND s.position = e.position
     AND s.state = 'running' AND s.seq > e.after AND s.seq <= e.began
     AND s.tenant_id = ANY($2::text[]) AND s.job_id = ANY($3::uuid[]) AND s.job_id BETWEEN $4 AND $5`,
);

const moveRuns = sql<
  never,
  [
    tenants: string[],
    jobs: string[],
    from: JobState[],
    to: JobState[],
    started: (string | null)[],
    ended: boolean[],
    outputs: (string | null)[],
    errors: (string | null)[],
    reviews: (string | null)[],
    first: string,
    last: string,
  ]
>(
  'moveRuns',
  `UPDATE job j SET state = e.state,
     started_at = coalesce(j.started_at, e.started),
     ended_at = CASE WHEN e.ended THEN clock_timestamp() END,
     output = coalesce(e.output, j.output),
     error = e.error,
     review = e.review,
     -- A retried job belongs to no agent while it waits.
     agent_id = CASE WHEN e.state = 'pending' THEN NULL ELSE j.agent_id END
   FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[], $7::jsonb[], $8::jsonb[],
     $9::jsonb[]) AS e(tenant_id, job_id, was, state, started, ended, output, error, review)
   WHERE j.tenant_id = e.tenant_id AND j.id = e.job_id AND j.state = e.was
     AND j.tenant_id = ANY($1) AND j.id = ANY($2) AND j.id BETWEEN $10 AND $11`,
);

const ackLeases = sql<never, [tenants: string[], jobs: string[], attempts: number[], seqs: number[]]>(
  'ackLeases',
  `UPDATE job_lease l SET acked_seq = a.seq, accepted = true, settle_after = NULL
   FROM unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) AS a(tenant_id, job_id, attempt, seq)
   WHERE l.tenant_id = a.tenant_id AND l.job_id = a.job_id AND l.attempt = a.attempt
     AND l.tenant_id = ANY($1) AND l.job_id = ANY($2)`,
);

const ackedOfAttempts = sql<{ seq: number }, [tenants: string[], jobs: string[], attempts: number[], agents: string[]]>(
  'ackedOfAttempts',
  `SELECT coalesce((
     SELECT max(e.seq) FROM job_attempt a
     JOIN job_event e ON e.tenant_id = a.tenant_id AND e.job_id = a.job_id AND e.attempt = a.attempt
     WHERE a.tenant_id = w.tenant_id AND a.job_id = w.job_id AND a.attempt = w.attempt AND a.agent_id = w.agent_id
       AND a.outcome = ANY('{succeeded,failed,timed_out,needs_review,cancelled,retried}')), 0)::int AS seq
   FROM unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[])
     WITH ORDINALITY AS w(tenant_id, job_id, attempt, agent_id, place)
   ORDER BY w.place`,
  { idempotent: true },
);

const journal = sql<{ seq: number; at: Date; body: unknown }, [tenant: string, job: string, from: number]>(
  'journal',
  `SELECT seq, at, body FROM job_event WHERE tenant_id = $1 AND job_id = $2 AND attempt >= $3 ORDER BY attempt, seq`,
  { idempotent: true },
);

/** Locks the leases that the writers really hold; the others are fenced. */
export async function lockHeldLeases(tx: Queryable, writers: readonly Writer[]): Promise<HeldLease[]> {
  const rows = await tx.query(
    lockHeld(
      writers.map((writer) => writer.tenant),
      writers.map((writer) => writer.jobId),
      writers.map((writer) => writer.attempt),
      writers.map((writer) => writer.agentId),
      ...boundsOf(writers),
    ),
  );
  return rows.map((row) => ({
    tenant: row.tenant_id,
    jobId: row.job_id,
    attempt: row.attempt,
    agentId: row.agent_id,
    ackedSeq: row.acked_seq,
    cancelling: row.cancelling,
    pauseWord: row.pause_word,
    keyed: row.keyed,
    state: row.state,
  }));
}

/** Writes events, steps, job changes and the acknowledged numbers of the batch. */
export async function writeRuns(tx: Queryable, writes: readonly RunWrite[]): Promise<void> {
  const keyOf = (write: RunWrite) => ({ tenant: write.tenant, jobId: write.jobId, attempt: write.attempt });
  const rows = <T>(of: (write: RunWrite) => readonly T[]): (T & AttemptKey)[] =>
    writes.flatMap((write) => of(write).map((row) => ({ ...row, ...keyOf(write) })));

  const opened = rows((write) => write.fold.opened.map(openedRow));
  const ended = rows((write) => write.fold.ended.map(endedRow));
  const moved = writes.filter((write) => write.fold.state !== write.state || write.fold.started !== null);
  // The lease of an attempt that ended goes with it.
  const going = writes.filter((write) => write.fold.ending === null);
  const statements = [
    insertEventsOf(writes),
    ...(opened.length > 0 ? [openSteps(jsonb(opened))] : []),
    ...(ended.length > 0
      ? [
          endSteps(
            jsonb(ended),
            ended.map(({ tenant }) => tenant),
            ended.map(({ jobId }) => jobId),
            ...boundsOf(ended),
          ),
        ]
      : []),
    ...(moved.length > 0 ? [moveRunsOf(moved)] : []),
    ...(going.length > 0
      ? [
          ackLeases(
            ...columnsOf(going),
            going.map((write) => write.events.at(-1)!.seq),
          ),
        ]
      : []),
  ];
  await Promise.all(statements.map((statement) => tx.execute(statement)));
}

/** The last number that each of these attempts wrote before it ended, so that a resent ending is acknowledged; 0 for others. */
export async function ackedSeqsOfEnded(db: Queryable, writers: readonly Writer[]): Promise<number[]> {
  const rows = await db.query(
    ackedOfAttempts(
      writers.map((writer) => writer.tenant),
      writers.map((writer) => writer.jobId),
      writers.map((writer) => writer.attempt),
      writers.map((writer) => writer.agentId),
    ),
  );
  return rows.map((row) => row.seq);
}

/** What the attempts from `firstAttempt` on recorded, oldest first. */
export async function readJournal(
  db: Queryable,
  tenant: string,
  jobId: string,
  firstAttempt: number,
): Promise<RunEvent[]> {
  const rows = await db.query(journal(tenant, jobId, firstAttempt));
  return rows.map((row) => RunEvent.parse({ seq: row.seq, at: row.at.toISOString(), body: row.body }));
}

function openedRow({ seq, at, body }: Fold['opened'][number]) {
  if (body.type === 'step.skipped') return { seq, at, ...body, state: 'skipped' };
  // Its event keeps the rest, which may be long.
  const { path, position, name, task, call, effect } = body;
  return { seq, at, path, position, name, task, call, effect, state: 'running' };
}

function endedRow({ seq, at, body }: Fold['ended'][number]) {
  const { position, durationMs } = body;
  if (body.type === 'step.failed') return { seq, at, position, durationMs, state: 'failed', error: body.error };
  return { seq, at, position, durationMs, state: 'completed', output: body.output };
}

function insertEventsOf(writes: readonly RunWrite[]): Statement<never> {
  const rows = writes.flatMap((write) => write.events.map((event) => ({ write, event })));
  return insertEvents(
    ...columnsOf(rows.map(({ write }) => write)),
    rows.map(({ event }) => event.seq),
    rows.map(({ event }) => event.at),
    jsonb(rows.map(({ event }) => event.body)),
  );
}

function moveRunsOf(moved: readonly RunWrite[]): Statement<never> {
  const text = (value: unknown): string | null => (value === null ? null : jsonb(value));
  const ends = moved.map(({ fold }) => resultOf(fold));
  return moveRuns(
    moved.map(({ tenant }) => tenant),
    moved.map(({ jobId }) => jobId),
    moved.map(({ state }) => state),
    moved.map(({ fold }) => fold.state),
    moved.map(({ fold }) => fold.started),
    moved.map(({ fold }) => ENDED.includes(fold.state)),
    ends.map(({ output }) => text(output)),
    ends.map(({ error }) => text(error)),
    ends.map(({ review }) => text(review)),
    ...boundsOf(moved),
  );
}

/** What an ending leaves on its job; an output that is null is as good as none. */
function resultOf({ ending }: Fold): { output: unknown; error: unknown; review: unknown } {
  const body = ending?.body;
  return {
    output: body?.type === 'run.completed' ? body.output : null,
    error: body?.type === 'run.failed' || body?.type === 'run.timed_out' ? body.error : null,
    review: body?.type === 'run.suspended' ? { reason: body.reason, position: body.position } : null,
  };
}

function columnsOf(keys: readonly AttemptKey[]): [tenants: string[], jobs: string[], attempts: number[]] {
  return [keys.map(({ tenant }) => tenant), keys.map(({ jobId }) => jobId), keys.map(({ attempt }) => attempt)];
}
