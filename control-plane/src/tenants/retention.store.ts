/**
 * Taking away what is over and old. Each statement locks the jobs first and looks again: one that a person has run again
 * meanwhile is not over, and stays whole.
 */
import { sql, type Queryable, type Statement } from '../platform/database/index.ts';
import { firstIdAt } from '../platform/ids.ts';
import { ENDED } from '../jobs/index.ts';

/** What a tenant keeps for how many days. */
export interface Keeping {
  readonly tenant: string;
  readonly jobs: number | null;
  readonly logs: number | null;
  readonly artifacts: number | null;
}

/** What is taken away. */
export type Kind = 'jobs' | 'logs' | 'artifacts';

const keepings = sql<Keeping, [limit: number]>(
  'listRetentions',
  `SELECT tenant_id AS tenant, jobs_days AS jobs, logs_days AS logs, artifacts_days AS artifacts FROM tenant_retention
   WHERE num_nonnulls(jobs_days, logs_days, artifacts_days) > 0 ORDER BY tenant_id LIMIT $1`,
  { idempotent: true },
);

// Ids rise with time: the primary key, from where the last page ended to the first id of the day. A job that still has a
// lease or a fence is not settled, whatever its state says.
const overJobs = sql<
  { id: string },
  [tenant: string, after: string, before: string, ended: string[], endedBefore: Date, limit: number]
>(
  'jobsOverAndOld',
  `SELECT j.id FROM job j
   WHERE j.tenant_id = $1 AND j.id > $2 AND j.id < $3 AND j.state = ANY ($4) AND j.ended_at < $5
     AND NOT EXISTS (SELECT FROM job_lease l WHERE l.tenant_id = j.tenant_id AND l.job_id = j.id)
     AND NOT EXISTS (SELECT FROM job_fence f WHERE f.tenant_id = j.tenant_id AND f.job_id = j.id)
   ORDER BY j.id LIMIT $6`,
  { idempotent: true },
);

type Over = [tenant: string, ids: string[], first: string, last: string, ended: string[], endedBefore: Date];

const OVER = `over AS MATERIALIZED (
     SELECT tenant_id, id FROM job
     WHERE tenant_id = $1 AND id = ANY ($2) AND id BETWEEN $3 AND $4 AND state = ANY ($5) AND ended_at < $6
     ORDER BY id FOR UPDATE
   )`;
const ofOver = (table: string): string =>
  `DELETE FROM ${table} d USING over WHERE d.tenant_id = over.tenant_id AND d.job_id = over.id AND d.job_id BETWEEN $3 AND $4`;
const FILES = `files AS (DELETE FROM artifact d USING over WHERE d.tenant_id = over.tenant_id AND d.job_id = over.id
     RETURNING d.tenant_id, d.id),
   removals AS (INSERT INTO artifact_removal (tenant_id, id) SELECT tenant_id, id FROM files ON CONFLICT DO NOTHING)`;

const STATEMENTS: Readonly<Record<Kind, (...values: Over) => Statement<{ n: number }>>> = {
  jobs: sql<{ n: number }, Over>(
    'dropOldJobs',
    `WITH ${OVER}, attempts AS (${ofOver('job_attempt')}), events AS (${ofOver('job_event')}), steps AS (${ofOver('job_step')}),
       ${FILES},
       gone AS (DELETE FROM job j USING over WHERE j.tenant_id = over.tenant_id AND j.id = over.id AND j.id BETWEEN $3 AND $4
         RETURNING 1)
     SELECT count(*)::int AS n FROM gone`,
  ),
  logs: sql<{ n: number }, Over>(
    'dropOldLogs',
    `WITH ${OVER}, gone AS (${ofOver('job_event')} AND d.body->>'type' = 'run.log' RETURNING 1)
     SELECT count(*)::int AS n FROM gone`,
  ),
  artifacts: sql<{ n: number }, Over>(
    'dropOldArtifacts',
    `WITH ${OVER}, ${FILES} SELECT count(*)::int AS n FROM files`,
  ),
};

export function listKeepings(db: Queryable, limit: number): Promise<Keeping[]> {
  return db.query(keepings(limit));
}

/** Ids of jobs of a tenant that ended before `before`, in order, after the id `after`. */
export async function listOver(
  db: Queryable,
  ask: { readonly tenant: string; readonly after: string; readonly before: Date; readonly limit: number },
): Promise<string[]> {
  const { tenant, after, before, limit } = ask;
  return (await db.query(overJobs(tenant, after, firstIdAt(before.getTime()), [...ENDED], before, limit))).map(
    ({ id }) => id,
  );
}

/** Takes what is of `kind` away from these jobs, in the order of their ids; how many rows. */
export async function drop(
  db: Queryable,
  kind: Kind,
  tenant: string,
  ids: readonly string[],
  before: Date,
): Promise<number> {
  const values: Over = [tenant, [...ids], ids[0]!, ids.at(-1)!, [...ENDED], before];
  return (await db.query(STATEMENTS[kind](...values)))[0]!.n;
}
