/** What became of the times of schedules. */
import type { Firing, FiringOutcome, JobState } from '@casare/shared/api';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';

export interface NewFiring {
  readonly id: string;
  readonly cause: Firing['cause'];
  readonly dueAt: Date;
  readonly untilAt?: Date;
  readonly outcome: FiringOutcome;
  readonly jobId?: string;
  readonly code?: string;
  readonly reason?: string;
  /** Jobs that it is to cancel. */
  readonly cancels?: readonly string[];
}

interface Row extends Pick<NewFiring, 'id' | 'cause' | 'dueAt' | 'outcome'> {
  readonly untilAt?: Date | null;
  readonly firedAt: Date;
  readonly jobId?: string | null;
  readonly code?: string | null;
  readonly reason?: string | null;
}

/** Of a schedule of a tenant. */
export interface ScheduleKey {
  readonly tenant: string;
  readonly id: string;
}

/** A job of a schedule that is not over. */
export interface OpenJob {
  readonly id: string;
  readonly state: JobState;
}

/** A firing whose earlier jobs are still to be cancelled. */
export interface Cancelling extends ScheduleKey {
  readonly firing: string;
  readonly jobs: readonly string[];
}

const COLUMNS = `id, cause, due_at AS "dueAt", until_at AS "untilAt", fired_at AS "firedAt", outcome, job_id AS "jobId",
   code, reason`;
/** States in which a job is over. */
const OVER = `('succeeded', 'failed', 'timed_out', 'cancelled')`;

const addFirings = sql<never, [tenant: string, schedule: string, now: Date, rows: string]>(
  'addFirings',
  `INSERT INTO schedule_firing (tenant_id, schedule_id, id, cause, due_at, until_at, fired_at, outcome, job_id, code,
     reason, open, cancels)
   SELECT $1, $2, r.id, r.cause, r."dueAt", r."untilAt", $3, r.outcome, r."jobId", r.code, r.reason,
     r."jobId" IS NOT NULL, coalesce(r.cancels, '{}')
   FROM jsonb_to_recordset($4::jsonb) AS r(id uuid, cause text, "dueAt" timestamptz, "untilAt" timestamptz, outcome text,
     "jobId" uuid, code text, reason text, cancels uuid[])`,
);

const firingPage = listSql<Row, [tenant: string, schedule: string, beyond: string | null, limit: number]>(
  'firingPage',
  ({ order, beyond }) => `SELECT ${COLUMNS} FROM schedule_firing
   WHERE tenant_id = $1 AND schedule_id = $2 AND ($3::uuid IS NULL OR id ${beyond} $3) ORDER BY id ${order} LIMIT $4`,
);

const lastFirings = sql<Row & { readonly schedule: string }, [tenant: string, schedules: string[]]>(
  'lastFirings',
  `SELECT s.id AS schedule, f.* FROM unnest($2::uuid[]) AS s(id) CROSS JOIN LATERAL (
     SELECT ${COLUMNS} FROM schedule_firing WHERE tenant_id = $1 AND schedule_id = s.id ORDER BY id DESC LIMIT 1) f`,
  { idempotent: true },
);

// A job that history has dropped is over.
const closeFirings = sql<never, [tenant: string, schedule: string]>(
  'closeFirings',
  `UPDATE schedule_firing f SET open = false WHERE f.tenant_id = $1 AND f.schedule_id = $2 AND f.open AND NOT EXISTS (
     SELECT FROM job j WHERE j.tenant_id = $1 AND j.id = f.job_id AND j.state NOT IN ${OVER})`,
);

const openJobs = sql<OpenJob, [tenant: string, schedule: string]>(
  'openScheduleJobs',
  `SELECT j.id, j.state FROM schedule_firing f JOIN job j ON j.tenant_id = $1 AND j.id = f.job_id
   WHERE f.tenant_id = $1 AND f.schedule_id = $2 AND f.open`,
);

// All tenants': served by an index that holds nothing else.
const cancellingFirings = sql<Cancelling, [limit: number]>(
  'cancellingFirings',
  `SELECT tenant_id AS tenant, schedule_id AS id, id AS firing, cancels AS jobs FROM schedule_firing
   WHERE cancels <> '{}' ORDER BY tenant_id, schedule_id, id LIMIT $1`,
  { idempotent: true },
);

const doneCancelling = sql<never, [tenant: string, schedule: string, firing: string]>(
  'doneCancelling',
  `UPDATE schedule_firing SET cancels = '{}' WHERE tenant_id = $1 AND schedule_id = $2 AND id = $3`,
);

const forgetFirings = sql<never, [before: Date, limit: number]>(
  'forgetFirings',
  `DELETE FROM schedule_firing WHERE (tenant_id, schedule_id, id) IN (
     SELECT tenant_id, schedule_id, id FROM schedule_firing WHERE fired_at < $1 AND NOT open LIMIT $2)`,
);

/** Throws a unique violation when a time was decided before. */
export async function insertFirings(
  tx: Transaction,
  { tenant, id }: ScheduleKey,
  firings: readonly NewFiring[],
  now: Date,
): Promise<void> {
  await tx.execute(addFirings(tenant, id, now, JSON.stringify(firings)));
}

export async function listFirings(
  db: Queryable,
  { tenant, id }: ScheduleKey,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
): Promise<Firing[]> {
  return (await db.query(firingPage(page.ascending)(tenant, id, page.beyond, page.limit))).map(viewOf);
}

/** The newest of each schedule. */
export async function findLastFirings(
  db: Queryable,
  tenant: string,
  schedules: readonly string[],
): Promise<ReadonlyMap<string, Firing>> {
  const rows = await db.query(lastFirings(tenant, [...schedules]));
  return new Map(rows.map((row) => [row.schedule, viewOf(row)]));
}

/** The jobs of a schedule that are not over. */
export async function listOpenJobs(db: Queryable, { tenant, id }: ScheduleKey): Promise<OpenJob[]> {
  await db.execute(closeFirings(tenant, id));
  return db.query(openJobs(tenant, id));
}

export function listCancelling(db: Queryable, limit: number): Promise<Cancelling[]> {
  return db.query(cancellingFirings(limit));
}

/** The earlier jobs of a firing were cancelled. */
export async function markCancelled(db: Queryable, { tenant, id }: ScheduleKey, firing: string): Promise<void> {
  await db.execute(doneCancelling(tenant, id, firing));
}

/** Forgets firings older than `before` whose job is over, a bounded number; how many. */
export function forget(db: Queryable, before: Date, limit: number): Promise<number> {
  return db.execute(forgetFirings(before, limit));
}

/** As it is shown. */
export function viewOf(row: Row): Firing {
  const { id, cause, dueAt, untilAt, firedAt, outcome, jobId = null, code = null, reason = null } = row;
  return {
    ...{ id, cause, outcome, jobId, code, reason },
    dueAt: dueAt.toISOString(),
    untilAt: untilAt?.toISOString() ?? null,
    firedAt: firedAt.toISOString(),
  };
}
