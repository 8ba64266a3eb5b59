/** Reading the steps and log lines of runs. */
import { LogLine, Step } from '@casare/shared/api';
import type { RunEventBody } from '@casare/shared/protocol';
import { lineOf, LINES } from '@casare/shared/record';
import { sql, type Queryable } from '../platform/database/index.ts';
import { boundsOf } from './history.decision.ts';
import type { AttemptKey } from './lease.store.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * The steps of job `job`, an expression. What a step was called with and what it saw stand in the events that began and
 * ended it, each found by its number.
 */
export const stepsOf = (job: string): string => `
   SELECT attempt, seq, path, position, name, task, call, effect, state, started_at, ended_at, duration_ms, output, error,
     (SELECT body->'input' FROM job_event e
       WHERE e.tenant_id = $1 AND e.job_id = ${job} AND e.attempt = s.attempt AND e.seq = s.seq) AS input,
     (SELECT body->'seen' FROM job_event e
       WHERE e.tenant_id = $1 AND e.job_id = ${job} AND e.attempt = s.attempt AND e.seq = s.ended_seq) AS seen
   FROM job_step s
   WHERE tenant_id = $1 AND job_id = ${job} AND (attempt, seq) > ($3, $4) ORDER BY attempt, seq LIMIT $5`;

const listSteps = sql<Row, [tenant: string, job: string, attempt: number, seq: number, limit: number]>(
  'listSteps',
  stepsOf('$2'),
  { idempotent: true },
);

const stepsAt = sql<
  Row,
  [tenants: string[], jobs: string[], attempts: number[], positions: string[], first: string, last: string]
>(
  'stepsAt',
  `SELECT s.tenant_id, s.job_id, s.attempt, seq, path, s.position, name, task, call, effect, state, started_at, ended_at,
     duration_ms, output, error
   FROM unnest($1::text[], $2::uuid[], $3::int[], $4::text[]) AS w(tenant_id, job_id, attempt, position)
   JOIN job_step s ON s.tenant_id = w.tenant_id AND s.job_id = w.job_id AND s.attempt = w.attempt AND s.position = w.position
   WHERE s.tenant_id = ANY($1) AND s.job_id = ANY($2) AND s.job_id BETWEEN $5 AND $6
   ORDER BY s.tenant_id, s.job_id, s.attempt, s.seq`,
);

/** The log lines of job `job`, an expression. */
export const logsOf = (job: string): string => `
   SELECT attempt, seq, at, body FROM job_event
   WHERE tenant_id = $1 AND job_id = ${job} AND (attempt, seq) > ($3, $4) AND body->>'type' = ANY('{${LINES.join(',')}}')
   ORDER BY attempt, seq LIMIT $5`;

const listLogs = sql<Row, [tenant: string, job: string, attempt: number, seq: number, limit: number]>(
  'listLogs',
  logsOf('$2'),
  { idempotent: true },
);

/** Steps after (attempt, seq), oldest first. */
export async function findSteps(
  db: Queryable,
  tenant: string,
  job: string,
  after: readonly [attempt: number, seq: number],
  limit: number,
): Promise<Step[]> {
  return (await db.query(listSteps(tenant, job, after[0], after[1], limit))).map(stepOf);
}

/** A position in the run of an attempt. */
export interface StepPlace extends AttemptKey {
  readonly position: string;
}

/** The steps at these places, as they stand in the transaction. */
export async function findStepsAt(
  tx: Queryable,
  places: readonly StepPlace[],
): Promise<{ tenant: string; jobId: string; step: Step }[]> {
  const rows = await tx.query(
    stepsAt(
      places.map(({ tenant }) => tenant),
      places.map(({ jobId }) => jobId),
      places.map(({ attempt }) => attempt),
      places.map(({ position }) => position),
      ...boundsOf(places),
    ),
  );
  return rows.map((row) => ({ tenant: row.tenant_id as string, jobId: row.job_id as string, step: stepOf(row) }));
}

/** Log lines after (attempt, seq), oldest first. */
export async function findLogs(
  db: Queryable,
  tenant: string,
  job: string,
  after: readonly [attempt: number, seq: number],
  limit: number,
): Promise<LogLine[]> {
  return (await db.query(listLogs(tenant, job, after[0], after[1], limit))).map(logOf);
}

export function logOf({ attempt, seq, at, body }: Row): LogLine {
  return LogLine.parse({ attempt, seq, at: iso(at), ...lineOf(body as RunEventBody) });
}

export function stepOf(row: Row): Step {
  return Step.parse({
    attempt: row.attempt,
    seq: row.seq,
    path: row.path,
    position: row.position,
    name: row.name,
    task: row.task,
    call: row.call,
    effect: row.effect,
    state: row.state,
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
    durationMs: row.duration_ms,
    output: row.output,
    error: row.error,
    input: row.input ?? undefined,
    seen: row.seen ?? undefined,
  });
}

function iso(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : null;
}
