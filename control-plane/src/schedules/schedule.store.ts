/**
 * Schedules as they are kept. Whatever decides about a schedule names the `turn` that it read: of two that do it at once,
 * one changes the row and the other changes nothing.
 */
import { CatchUp, ScheduledJob, type OverlapPolicy } from '@casare/shared/api';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import { jsonb } from '../platform/jsonb.ts';

/** A schedule as it stands in the table. */
export interface KeptSchedule {
  readonly tenant: string;
  readonly id: string;
  readonly seq: string;
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly job: ScheduledJob;
  readonly overlap: OverlapPolicy;
  readonly catchUp: CatchUp;
  readonly enabled: boolean;
  readonly nextAt: Date | null;
  readonly turn: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One whose time has come. */
export interface DueSchedule extends KeptSchedule {
  /** Its tenant was suspended when it came. */
  readonly suspended: boolean;
}

type Row = Omit<KeptSchedule, 'job' | 'catchUp'> & { readonly job: unknown; readonly catchUp: unknown };

const COLUMNS = `tenant_id AS tenant, id, seq::text AS seq, name, cron, time_zone AS "timeZone", job, overlap,
   catch_up AS "catchUp", enabled, next_at AS "nextAt", turn::text AS turn, created_by AS "createdBy",
   created_at AS "createdAt", updated_at AS "updatedAt"`;

const schedulePage = listSql<
  Row,
  [tenant: string, beyond: string | null, name: string | null, limit: number, text: string | null]
>(
  'schedulePage',
  ({ order, beyond }) => `SELECT ${COLUMNS} FROM schedule
   WHERE tenant_id = $1 AND ($2::bigint IS NULL OR seq ${beyond} $2) AND ($3::text IS NULL OR name = $3)
     AND ($5::text IS NULL OR strpos(lower(name), lower($5)) > 0)
   ORDER BY seq ${order} LIMIT $4`,
);

const scheduleById = sql<Row, [tenant: string, id: string]>(
  'scheduleById',
  `SELECT ${COLUMNS} FROM schedule WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);

const TENANT_ACTS = `NOT EXISTS (SELECT FROM tenant t WHERE t.id = schedule.tenant_id AND t.state <> 'active')`;

// All tenants': served by the index of what is due. Of a tenant that is suspended nothing is: what it misses is due when it is
// resumed, and then older than that.
const dueSchedules = sql<Row & { readonly suspended: boolean }, [now: Date, limit: number]>(
  'dueSchedules',
  `SELECT ${COLUMNS}, EXISTS (
     SELECT FROM tenant t WHERE t.id = schedule.tenant_id AND t.state_since > schedule.next_at) AS suspended
   FROM schedule WHERE next_at <= $1 AND ${TENANT_ACTS} ORDER BY next_at LIMIT $2`,
  { idempotent: true },
);

// One statement: of two that meet at the bound both may pass, which does no harm.
const addSchedule = sql<
  never,
  [
    ...[tenant: string, id: string, name: string, cron: string, zone: string, job: string, overlap: string],
    ...[catchUp: string, enabled: boolean, nextAt: Date | null, by: string, now: Date, most: number],
  ]
>(
  'addSchedule',
  `INSERT INTO schedule (tenant_id, id, name, cron, time_zone, job, overlap, catch_up, enabled, next_at, created_by,
     created_at, updated_at)
   SELECT $1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9, $10, $11, $12, $12
   WHERE (SELECT count(*) FROM schedule WHERE tenant_id = $1) < $13`,
);

const changeSchedule = sql<
  never,
  [
    ...[tenant: string, id: string, turn: string, name: string, cron: string, zone: string, job: string],
    ...[overlap: string, catchUp: string, enabled: boolean, nextAt: Date | null, now: Date],
  ]
>(
  'changeSchedule',
  `UPDATE schedule SET name = $4, cron = $5, time_zone = $6, job = $7::jsonb, overlap = $8, catch_up = $9::jsonb,
     enabled = $10, next_at = $11, updated_at = $12, turn = turn + 1
   WHERE tenant_id = $1 AND id = $2 AND turn = $3`,
);

const takeTurnSql = sql<never, [tenant: string, id: string, turn: string, nextAt: Date | null]>(
  'takeScheduleTurn',
  `UPDATE schedule SET next_at = $4, turn = turn + 1 WHERE tenant_id = $1 AND id = $2 AND turn = $3 AND ${TENANT_ACTS}`,
);

const removeSchedule = sql<never, [tenant: string, id: string, turn: string]>(
  'removeSchedule',
  `DELETE FROM schedule WHERE tenant_id = $1 AND id = $2 AND turn = $3`,
);

/** What a person decides about a schedule. */
export type ScheduleTerms = Pick<
  KeptSchedule,
  'name' | 'cron' | 'timeZone' | 'job' | 'overlap' | 'catchUp' | 'enabled'
>;

export async function listSchedules(
  db: Queryable,
  tenant: string,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
  { name, q }: { readonly name?: string | undefined; readonly q?: string | undefined },
): Promise<KeptSchedule[]> {
  const { beyond, ascending, limit } = page;
  return (await db.query(schedulePage(ascending)(tenant, beyond, name ?? null, limit, q ?? null))).map(kept);
}

export async function findSchedule(db: Queryable, tenant: string, id: string): Promise<KeptSchedule | null> {
  const [row] = await db.query(scheduleById(tenant, id));
  return row === undefined ? null : kept(row);
}

/** Of all tenants that are active, those that have waited longest first. */
export async function listDue(db: Queryable, now: Date, limit: number): Promise<DueSchedule[]> {
  const rows = await db.query(dueSchedules(now, limit));
  return rows.map((row) => ({ ...kept(row), suspended: row.suspended }));
}

/** False when the tenant has `most`. Throws a unique violation of `schedule_name`. */
export async function insertSchedule(
  tx: Transaction,
  key: { readonly tenant: string; readonly id: string; readonly by: string; readonly now: Date },
  terms: ScheduleTerms,
  nextAt: Date | null,
  most: number,
): Promise<boolean> {
  const { name, cron, timeZone, job, overlap, catchUp, enabled } = terms;
  const { tenant, id, by, now } = key;
  const values = [name, cron, timeZone, jsonb(job), overlap, jsonb(catchUp), enabled, nextAt] as const;
  return (await tx.execute(addSchedule(tenant, id, ...values, by, now, most))) === 1;
}

/** False when it was changed or decided about since it was read. Throws a unique violation of `schedule_name`. */
export async function updateSchedule(
  tx: Transaction,
  { tenant, id, turn }: KeptSchedule,
  { name, cron, timeZone, job, overlap, catchUp, enabled }: ScheduleTerms,
  nextAt: Date | null,
  now: Date,
): Promise<boolean> {
  const values = [name, cron, timeZone, jsonb(job), overlap, jsonb(catchUp), enabled, nextAt, now] as const;
  return (await tx.execute(changeSchedule(tenant, id, turn, ...values))) === 1;
}

/** The right to decide: false when somebody else has decided since it was read, or its tenant is suspended. */
export async function takeTurn(
  tx: Transaction,
  { tenant, id, turn }: KeptSchedule,
  nextAt: Date | null,
): Promise<boolean> {
  return (await tx.execute(takeTurnSql(tenant, id, turn, nextAt))) === 1;
}

/** False when it was changed, decided about or removed since it was read. */
export async function deleteSchedule(tx: Transaction, { tenant, id, turn }: KeptSchedule): Promise<boolean> {
  return (await tx.execute(removeSchedule(tenant, id, turn))) === 1;
}

function kept(row: Row): KeptSchedule {
  return { ...row, job: ScheduledJob.parse(row.job), catchUp: CatchUp.parse(row.catchUp) };
}
