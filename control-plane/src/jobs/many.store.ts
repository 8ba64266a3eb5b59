/** Reading for many jobs at once, each list by the same statement and in the same order as that of one job. */
import type { Artifact, Attempt, Job, LogLine, Step } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';
import { artifactOf, artifactsOf } from './artifact.store.ts';
import { attemptOf, shownAttempts } from './attempt.store.ts';
import { JOB_COLUMNS, JOB_JOINS, jobOf } from './job.store.ts';
import { logOf, logsOf, stepOf, stepsOf } from './step.store.ts';

type Row = Readonly<Record<string, unknown>>;
/** What was found, by the id that it was asked for with. */
type ById<T> = Map<string, T[]>;

/** For each id of `$2` what `of` finds. */
const each = (of: (job: string) => string): string =>
  `SELECT w.id AS asked, x.* FROM unnest($2::uuid[]) WITH ORDINALITY AS w(id, place)
   CROSS JOIN LATERAL (${of('w.id')}) x`;

const stepsOfJobs = sql<Row, [tenant: string, jobs: string[], attempt: number, seq: number, limit: number]>(
  'stepsOfJobs',
  `${each(stepsOf)} ORDER BY w.place, x.attempt, x.seq`,
  { idempotent: true },
);
const logsOfJobs = sql<Row, [tenant: string, jobs: string[], attempt: number, seq: number, limit: number]>(
  'logsOfJobs',
  `${each(logsOf)} ORDER BY w.place, x.attempt, x.seq`,
  { idempotent: true },
);
const artifactsOfJobs = sql<Row, [tenant: string, jobs: string[], kind: string, name: string, limit: number]>(
  'artifactsOfJobs',
  `${each(artifactsOf)} ORDER BY w.place, x.kind, x.name`,
  { idempotent: true },
);
const attemptsOfJobs = sql<Row, [tenant: string, jobs: string[], after: number, limit: number]>(
  'attemptsOfJobs',
  `${each(shownAttempts)} ORDER BY w.place, x.attempt`,
  { idempotent: true },
);

const jobsById = sql<Row, [tenant: string, ids: string[]]>(
  'jobsById',
  `SELECT ${JOB_COLUMNS} FROM job j ${JOB_JOINS} WHERE j.tenant_id = $1 AND j.id = ANY($2)`,
  { idempotent: true },
);

// As `listJobsOfAgent`, for each agent. `w` is a version of a workflow in `JOB_JOINS`.
const jobsOfAgents = sql<Row, [tenant: string, agents: string[], before: string | null, limit: number]>(
  'jobsOfAgents',
  `SELECT g.id AS asked, x.* FROM unnest($2::uuid[]) WITH ORDINALITY AS g(id, place)
   CROSS JOIN LATERAL (
     SELECT ${JOB_COLUMNS} FROM (
       SELECT DISTINCT job_id FROM (
         SELECT job_id FROM job_lease WHERE tenant_id = $1 AND agent_id = g.id AND ($3::uuid IS NULL OR job_id < $3)
         UNION ALL
         SELECT job_id FROM job_attempt WHERE tenant_id = $1 AND agent_id = g.id AND ($3::uuid IS NULL OR job_id < $3)) o
       ORDER BY job_id DESC
     ) s JOIN job j ON j.tenant_id = $1 AND j.id = s.job_id ${JOB_JOINS}
     WHERE j.agent_id = g.id ORDER BY j.id DESC LIMIT $4
   ) x ORDER BY g.place, x.id DESC`,
  { idempotent: true },
);

/** Where a list begins: after (attempt, seq). */
type After = readonly [attempt: number, seq: number];

export async function findStepsOf(
  db: Queryable,
  tenant: string,
  jobs: readonly string[],
  after: After,
  limit: number,
): Promise<ById<Step>> {
  return byId(await db.query(stepsOfJobs(tenant, [...jobs], after[0], after[1], limit)), stepOf);
}

export async function findLogsOf(
  db: Queryable,
  tenant: string,
  jobs: readonly string[],
  after: After,
  limit: number,
): Promise<ById<LogLine>> {
  return byId(await db.query(logsOfJobs(tenant, [...jobs], after[0], after[1], limit)), logOf);
}

export async function findArtifactsOf(
  db: Queryable,
  tenant: string,
  jobs: readonly string[],
  after: readonly [kind: string, name: string],
  limit: number,
): Promise<ById<Artifact>> {
  return byId(await db.query(artifactsOfJobs(tenant, [...jobs], after[0], after[1], limit)), artifactOf);
}

export async function findAttemptsOf(
  db: Queryable,
  tenant: string,
  jobs: readonly string[],
  after: number,
  limit: number,
): Promise<ById<Attempt>> {
  return byId(await db.query(attemptsOfJobs(tenant, [...jobs], after, limit)), attemptOf);
}

/** Jobs that these agents have, newest first, older than `before`. */
export async function findJobsOfAgents(
  db: Queryable,
  tenant: string,
  agents: readonly string[],
  before: string | null,
  limit: number,
): Promise<ById<Job>> {
  return byId(await db.query(jobsOfAgents(tenant, [...agents], before, limit)), jobOf);
}

export async function findJobsById(db: Queryable, tenant: string, ids: readonly string[]): Promise<Job[]> {
  return (await db.query(jobsById(tenant, [...ids]))).map(jobOf);
}

function byId<T>(rows: readonly Row[], of: (row: Row) => T): ById<T> {
  const found: ById<T> = new Map();
  for (const row of rows) {
    const id = row['asked'] as string;
    const list = found.get(id) ?? [];
    list.push(of(row));
    found.set(id, list);
  }
  return found;
}
