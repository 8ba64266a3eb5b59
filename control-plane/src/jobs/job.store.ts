/**
 * Reading jobs as people and programs see them: lists by keyset (the id is a UUIDv7: newest first is id descending),
 * steps, logs, and what an assignment needs.
 */
import { Job, LogLine, Step, type JobState } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** How a list of jobs is narrowed; null members do not narrow. */
export interface JobFilter {
  readonly state: JobState | null;
  /** `namespace/name`. */
  readonly workflow: string | null;
  readonly agent: string | null;
  readonly since: string | null;
  readonly text: string | null;
}

type Row = Readonly<Record<string, unknown>>;

const JOB_COLUMNS = `
  j.id, j.state, j.priority, j.generation, j.attempt, j.input, j.output, j.error, j.review,
  j.created_at, j.started_at, j.ended_at, j.agent_id, a.name AS agent_name,
  w.id AS workflow_id, w.namespace, w.name, w.version, r.slot, r.site, r.capabilities,
  (SELECT count(*)::int FROM artifact f WHERE f.tenant_id = j.tenant_id AND f.job_id = j.id) AS artifacts`;
const JOB_JOINS = `
  job j
  JOIN workflow_version w ON w.tenant_id = j.tenant_id AND w.id = j.workflow_id
  JOIN route r ON r.id = j.route_id
  LEFT JOIN agent a ON a.tenant_id = j.tenant_id AND a.id = j.agent_id`;

const getJob = sql<Row, [tenant: string, id: string]>(
  'getJob',
  `SELECT ${JOB_COLUMNS} FROM ${JOB_JOINS} WHERE j.tenant_id = $1 AND j.id = $2`,
  { idempotent: true },
);

const listJobs = sql<
  Row,
  [
    tenant: string,
    state: string | null,
    workflow: string | null,
    agent: string | null,
    since: string | null,
    text: string | null,
    before: string | null,
    limit: number,
  ]
>(
  'listJobs',
  `SELECT ${JOB_COLUMNS} FROM ${JOB_JOINS}
   WHERE j.tenant_id = $1
     AND ($2::text IS NULL OR j.state = $2)
     AND ($3::text IS NULL OR w.namespace || '/' || w.name = $3)
     AND ($4::uuid IS NULL OR j.agent_id = $4)
     AND ($5::timestamptz IS NULL OR j.created_at >= $5)
     AND ($6::text IS NULL OR strpos(w.namespace || '/' || w.name, $6) > 0 OR strpos(j.id::text, $6) > 0)
     AND ($7::uuid IS NULL OR j.id < $7)
   ORDER BY j.id DESC LIMIT $8`,
  { idempotent: true },
);

const listSteps = sql<Row, [tenant: string, job: string, attempt: number, seq: number, limit: number]>(
  'listSteps',
  `SELECT attempt, seq, path, position, name, task, call, effect, state, started_at, ended_at, duration_ms, output, error
   FROM job_step WHERE tenant_id = $1 AND job_id = $2 AND (attempt, seq) > ($3, $4) ORDER BY attempt, seq LIMIT $5`,
  { idempotent: true },
);

const stepsAt = sql<Row, [tenant: string, job: string, attempt: number, positions: string[]]>(
  'stepsAt',
  `SELECT attempt, seq, path, position, name, task, call, effect, state, started_at, ended_at, duration_ms, output, error
   FROM job_step WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3 AND position = ANY($4) ORDER BY seq`,
);

const listLogs = sql<Row, [tenant: string, job: string, attempt: number, seq: number, limit: number]>(
  'listLogs',
  `SELECT attempt, seq, at, body FROM job_event
   WHERE tenant_id = $1 AND job_id = $2 AND (attempt, seq) > ($3, $4) AND body->>'type' = 'run.log'
   ORDER BY attempt, seq LIMIT $5`,
  { idempotent: true },
);

/** What the control plane must know to assign a job. */
export interface Assignment {
  readonly generation: number;
  readonly firstAttempt: number;
  readonly workflowId: string;
  readonly input: unknown;
}

const assignmentOf = sql<
  { generation: number; first_attempt: number; workflow_id: string; input: unknown },
  [tenant: string, id: string]
>('assignmentOf', `SELECT generation, first_attempt, workflow_id, input FROM job WHERE tenant_id = $1 AND id = $2`, {
  idempotent: true,
});

/** One job; `null` when the tenant has none of this id. */
export async function findJob(db: Queryable, tenant: string, id: string): Promise<Job | null> {
  const [row] = await db.query(getJob(tenant, id));
  return row ? jobOf(row) : null;
}

/** Jobs newest first, older than `before`. */
export async function findJobs(
  db: Queryable,
  tenant: string,
  filter: JobFilter,
  before: string | null,
  limit: number,
): Promise<Job[]> {
  const { state, workflow, agent, since, text } = filter;
  return (await db.query(listJobs(tenant, state, workflow, agent, since, text, before, limit))).map(jobOf);
}

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

/** The steps of an attempt at these positions, as they stand in the transaction. */
export async function findStepsAt(
  tx: Queryable,
  tenant: string,
  job: string,
  attempt: number,
  positions: readonly string[],
): Promise<Step[]> {
  return (await tx.query(stepsAt(tenant, job, attempt, [...positions]))).map(stepOf);
}

/** Log lines after (attempt, seq), oldest first. */
export async function findLogs(
  db: Queryable,
  tenant: string,
  job: string,
  after: readonly [attempt: number, seq: number],
  limit: number,
): Promise<LogLine[]> {
  return (await db.query(listLogs(tenant, job, after[0], after[1], limit))).map(({ attempt, seq, at, body }) => {
    const { level, message } = body as { level: string; message: string };
    return LogLine.parse({ attempt, seq, at: iso(at), level, message });
  });
}

/** What an assignment of the job carries; `null` when there is no such job. */
export async function findAssignment(db: Queryable, tenant: string, id: string): Promise<Assignment | null> {
  const [row] = await db.query(assignmentOf(tenant, id));
  if (!row) return null;
  return {
    generation: row.generation,
    firstAttempt: row.first_attempt,
    workflowId: row.workflow_id,
    input: row.input,
  };
}

function jobOf(row: Row): Job {
  return Job.parse({
    id: row.id,
    state: row.state,
    workflow: { id: row.workflow_id, namespace: row.namespace, name: row.name, version: row.version },
    priority: row.priority,
    generation: row.generation,
    attempt: row.attempt,
    agent: row.agent_id && row.agent_name ? { id: row.agent_id, name: row.agent_name } : null,
    requirements: { slot: row.slot, site: row.site, capabilities: row.capabilities },
    input: row.input,
    output: row.output,
    error: row.error,
    review: row.review,
    artifacts: row.artifacts,
    createdAt: iso(row.created_at),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
  });
}

function stepOf(row: Row): Step {
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
  });
}

function iso(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : null;
}
