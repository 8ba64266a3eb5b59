/**
 * Reading jobs as people and programs see them: lists by keyset (the id is a UUIDv7: newest first is id descending), and
 * what an assignment needs.
 */
import { Job, type JobState } from '@casare/shared/api';
import { listSql, sql, type Queryable, type Way } from '../platform/database/index.ts';
import { firstIdAt } from '../platform/ids.ts';

/** How a list of jobs is narrowed; null members do not narrow. */
export interface JobFilter {
  readonly state: JobState | null;
  /** `namespace/name`. */
  readonly workflow: string | null;
  readonly agent: string | null;
  readonly site?: string | null;
  /** Made at this time or later. */
  readonly since: string | null;
  /** Made earlier. */
  readonly until?: string | null;
  readonly text: string | null;
}

/** An id is made by the clock of a replica, `created_at` by the database's: they differ by less, milliseconds. */
const CLOCK_SKEW_MS = 3_600_000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Row = Readonly<Record<string, unknown>>;

export const JOB_COLUMNS = `
  j.id, j.state, j.priority, j.generation, j.attempt, j.input, j.output, j.error, j.review,
  j.created_at, j.started_at, j.ended_at, j.agent_id, a.name AS agent_name,
  w.id AS workflow_id, w.namespace, w.name, w.version, r.slot, r.site, r.capabilities,
  (SELECT count(*)::int FROM artifact f WHERE f.tenant_id = j.tenant_id AND f.job_id = j.id) AS artifacts`;
export const JOB_JOINS = `
  JOIN workflow_version w ON w.tenant_id = j.tenant_id AND w.id = j.workflow_id
  JOIN route r ON r.id = j.route_id
  LEFT JOIN agent a ON a.tenant_id = j.tenant_id AND a.id = j.agent_id`;

const getJob = sql<Row, [tenant: string, id: string]>(
  'getJob',
  `SELECT ${JOB_COLUMNS} FROM job j ${JOB_JOINS} WHERE j.tenant_id = $1 AND j.id = $2`,
  { idempotent: true },
);

type ListValues = [
  tenant: string,
  state: string | null,
  workflows: string[] | null,
  agent: string | null,
  since: string | null,
  sinceId: string | null,
  id: string | null,
  idPart: string | null,
  beyond: string | null,
  limit: number,
  until: string | null,
  untilId: string | null,
  routes: string[] | null,
  newestFrom: string | null,
];

/**
 * A list of jobs by age, of those that `source` finds: rows of `job j`, by an index that has them in this order. Every
 * condition that is absent is gone from the plan (the statement is planned for its values), so each filter uses its own
 * index. Only a search for part of an id, of which `NEWEST` are asked, a site, and the state `succeeded`, look at job after job.
 */
const listFrom = (name: string, source: (way: Way) => string) => ({
  jobs: listOf(name, source, JOB_COLUMNS, JOB_JOINS),
  ids: listOf(`${name}Ids`, source, 'j.id', ''),
});
const listOf = (name: string, source: (way: Way) => string, columns: string, joins: string) =>
  listSql<Row, ListValues>(
    name,
    (way) => `SELECT ${columns} FROM ${source(way)} ${joins}
     WHERE j.tenant_id = $1
       AND ($2::text IS NULL OR j.state = $2)
       AND ($3::uuid[] IS NULL OR j.workflow_id = ANY($3))
       AND ($4::uuid IS NULL OR j.agent_id = $4)
       AND ($5::timestamptz IS NULL OR (j.created_at >= $5 AND j.id >= $6::uuid))
       AND ($7::uuid IS NULL OR j.id = $7)
       AND ($8::text IS NULL OR strpos(j.id::text, $8) > 0)
       AND ($14::uuid IS NULL OR j.id >= $14)
       AND ($11::timestamptz IS NULL OR (j.created_at < $11 AND j.id < $12::uuid))
       AND ($13::bigint[] IS NULL OR j.route_id = ANY($13))
       AND ($9::uuid IS NULL OR j.id ${way.beyond} $9)
     ORDER BY j.id ${way.order} LIMIT $10`,
  );
/** Of a table that names jobs, those of a page. */
const named = ({ beyond }: Way, table: string, more = ''): string =>
  `SELECT job_id FROM ${table} WHERE tenant_id = $1 ${more} AND ($9::uuid IS NULL OR job_id ${beyond} $9)`;
const ordered = (way: Way, table: string): string => `(${named(way, table)} ORDER BY job_id ${way.order})`;
const joined = (jobs: string): string => `(${jobs}) s JOIN job j ON j.tenant_id = $1 AND j.id = s.job_id`;

// A state that changes quickly is in no index of `job`: who waits and who runs is in narrow tables of their own.
const LISTS = {
  all: listFrom('listJobs', () => 'job j'),
  attention: listFrom('listJobsAttention', () => 'job j JOIN (SELECT $2::text AS state) s ON j.attention = s.state'),
  // Ordered before their jobs are looked up: else all that wait would be, to be sorted, for a page of them.
  waiting: listFrom('listJobsWaiting', (way) =>
    joined(
      `SELECT job_id FROM (${ordered(way, 'job_ready')} UNION ALL ${ordered(way, 'job_waiting')}) o ORDER BY job_id ${way.order}`,
    ),
  ),
  leased: listFrom('listJobsLeased', (way) => joined(named(way, 'job_lease'))),
  paused: listFrom('listJobsPaused', (way) =>
    joined(
      `SELECT job_id FROM (${ordered(way, 'job_lease')} UNION ALL ${ordered(way, 'job_waiting')}) o ORDER BY job_id ${way.order}`,
    ),
  ),
  agent: listFrom('listJobsOfAgent', (way) =>
    joined(
      `SELECT DISTINCT job_id FROM (${named(way, 'job_lease', 'AND agent_id = $4')}
         UNION ALL ${named(way, 'job_attempt', 'AND agent_id = $4')}) o ORDER BY job_id ${way.order}`,
    ),
  ),
} as const;

/** Where jobs of this state are found; every other state is one that runs. */
const LIST_OF_STATE: Partial<Record<JobState, keyof typeof LISTS>> = {
  succeeded: 'all',
  pending: 'waiting',
  paused: 'paused',
  failed: 'attention',
  timed_out: 'attention',
  cancelled: 'attention',
  needs_review: 'attention',
};

// Routes are few too: at most `ROUTES_PER_TENANT`.
const routesAt = sql<{ id: string }, [tenant: string, site: string]>(
  'routesAt',
  `SELECT id::text AS id FROM route WHERE tenant_id = $1 AND site = $2`,
  { idempotent: true },
);
// Versions are few and jobs are many: names are looked up here, so that jobs are found by an index of theirs.
const versionsNamed = sql<{ id: string }, [tenant: string, name: string]>(
  'versionsNamed',
  `SELECT id FROM workflow_version WHERE tenant_id = $1 AND namespace || '/' || name = $2`,
  { idempotent: true },
);
const versionsLike = sql<{ id: string }, [tenant: string, text: string]>(
  'versionsLike',
  `SELECT id FROM workflow_version WHERE tenant_id = $1 AND strpos(namespace || '/' || name, $2) > 0`,
  { idempotent: true },
);

/** Jobs whose ids are searched for a part. */
const NEWEST = 20_000;
const newestFrom = sql<{ id: string }, [tenant: string]>(
  'newestJobsFrom',
  `SELECT id FROM job WHERE tenant_id = $1 ORDER BY id DESC OFFSET ${NEWEST - 1} LIMIT 1`,
  { idempotent: true },
);

/** Which job. */
export interface JobRef {
  readonly tenant: string;
  readonly jobId: string;
}

/** What the control plane must know to assign a job. */
export interface Assignment {
  readonly generation: number;
  readonly firstAttempt: number;
  readonly workflowId: string;
  readonly input: unknown;
  /** What is left of the job's time, from its first lease; `null` without a limit. */
  readonly jobLeftMs: number | null;
  readonly attemptTimeoutMs: number | null;
  /** Its deadline has passed. */
  readonly late: boolean;
  /** Who submitted it. */
  readonly requestedBy: string;
}

/** A row of `ASSIGNMENT_COLUMNS`. */
export interface AssignmentRow {
  readonly generation: number;
  readonly first_attempt: number;
  readonly workflow_id: string;
  readonly input: unknown;
  readonly job_left_ms: number | null;
  readonly attempt_timeout_ms: number | null;
  readonly late: boolean;
  readonly created_by: string;
}

/** What an assignment needs of `job j`. */
export const ASSIGNMENT_COLUMNS = `j.generation, j.first_attempt, j.workflow_id, j.input, j.created_by,
     j.attempt_timeout_ms::float8 AS attempt_timeout_ms, coalesce(j.deadline <= clock_timestamp(), false) AS late,
     (extract(epoch FROM j.timeout_at - clock_timestamp()) * 1000)::float8 AS job_left_ms`;

const assignmentsOf = sql<AssignmentRow & { readonly place: number }, [tenants: string[], ids: string[]]>(
  'assignmentsOf',
  `SELECT w.place::int, ${ASSIGNMENT_COLUMNS}
   FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS w(tenant_id, id, place)
   JOIN job j ON j.tenant_id = w.tenant_id AND j.id = w.id`,
  { idempotent: true },
);

/** One job; `null` when the tenant has none of this id. */
export async function findJob(db: Queryable, tenant: string, id: string): Promise<Job | null> {
  const [row] = await db.query(getJob(tenant, id));
  return row ? jobOf(row) : null;
}

/** Which jobs of a list. */
export interface JobRange {
  /** The last job of the page before. */
  readonly beyond: string | null;
  /** Oldest first. */
  readonly ascending: boolean;
  readonly limit: number;
}

/** Jobs by age. */
export async function findJobs(db: Queryable, tenant: string, filter: JobFilter, range: JobRange): Promise<Job[]> {
  return (await rowsOf(db, tenant, filter, range, 'jobs')).map(jobOf);
}

/** The ids of the same, for many of them. */
export async function findJobIds(db: Queryable, tenant: string, filter: JobFilter, range: JobRange): Promise<string[]> {
  return (await rowsOf(db, tenant, filter, range, 'ids')).map(({ id }) => String(id));
}

async function rowsOf(
  db: Queryable,
  tenant: string,
  filter: JobFilter,
  range: JobRange,
  what: 'jobs' | 'ids',
): Promise<Row[]> {
  const { state, workflow, agent, site = null, since, until = null, text } = filter;
  const routes = site === null ? null : await idsOf(db, routesAt(tenant, site));
  const workflows = workflow === null ? null : await idsOf(db, versionsNamed(tenant, workflow));
  const search = text === null ? {} : await searched(db, tenant, text);
  const sinceId = since === null ? null : firstIdAt(Date.parse(since) - CLOCK_SKEW_MS);
  const untilId = until === null ? null : firstIdAt(Date.parse(until) + CLOCK_SKEW_MS);
  const versions = search.versions === undefined ? workflows : narrowed(workflows, search.versions);
  const ofState = state === null ? 'all' : (LIST_OF_STATE[state] ?? 'leased');
  // What needs attention is less than what an agent has done.
  const list = agent !== null && ofState !== 'attention' ? 'agent' : ofState;
  const { id = null, part = null, from = null } = search;
  const found = [state, versions, agent, since, sinceId, id, part, range.beyond, range.limit] as const;
  return db.query(LISTS[list][what](range.ascending)(tenant, ...found, until, untilId, routes, from));
}

/** What is searched for, made into what there is an index for. */
interface Search {
  /** Of a workflow whose name has it. */
  readonly versions?: readonly string[];
  /** The job itself. */
  readonly id?: string;
  /** Of an id, and the oldest job that is asked. */
  readonly part?: string;
  readonly from?: string | undefined;
}

async function searched(db: Queryable, tenant: string, text: string): Promise<Search> {
  if (UUID.test(text)) return { id: text };
  const versions = await idsOf(db, versionsLike(tenant, text));
  // What is no part of any id need not be looked for in them.
  if (versions.length > 0 || !/^[0-9a-f-]+$/.test(text)) return { versions };
  const [oldest] = await idsOf(db, newestFrom(tenant));
  return { part: text, from: oldest };
}

/** What an assignment of the job carries; `null` when there is no such job. */
export async function findAssignment(db: Queryable, tenant: string, id: string): Promise<Assignment | null> {
  return (await findAssignments(db, [{ tenant, jobId: id }]))[0]!;
}

/** The same for many jobs, in their order. */
export async function findAssignments(db: Queryable, jobs: readonly JobRef[]): Promise<(Assignment | null)[]> {
  const found = new Array<Assignment | null>(jobs.length).fill(null);
  const tenants = jobs.map(({ tenant }) => tenant);
  for (const row of await db.query(
    assignmentsOf(
      tenants,
      jobs.map(({ jobId }) => jobId),
    ),
  )) {
    found[row.place - 1] = assignmentOf(row);
  }
  return found;
}

/** The row as what it says. */
export function assignmentOf(row: AssignmentRow): Assignment {
  return {
    generation: row.generation,
    firstAttempt: row.first_attempt,
    workflowId: row.workflow_id,
    input: row.input,
    jobLeftMs: row.job_left_ms,
    attemptTimeoutMs: row.attempt_timeout_ms,
    late: row.late,
    requestedBy: row.created_by,
  };
}

async function idsOf(db: Queryable, statement: ReturnType<typeof versionsNamed>): Promise<string[]> {
  return (await db.query(statement)).map(({ id }) => id);
}

function narrowed(some: readonly string[] | null, others: readonly string[]): string[] {
  return some === null ? [...others] : some.filter((id) => others.includes(id));
}

export function jobOf(row: Row): Job {
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

function iso(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : null;
}
