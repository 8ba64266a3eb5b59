/**
 * Days of history as partitions, and what else belongs to a day's jobs.
 *
 * A day is locked before it is looked at, so that a job which a person runs again is not dropped under them.
 */
import { sql, type Database, type Queryable, type Transaction } from '../platform/database/index.ts';
import { firstIdAt } from '../platform/ids.ts';
import { rangeOf, type Day } from './history.decision.ts';
import { ENDED } from './job.lifecycle.ts';

// Made, locked and dropped by the owner of the tables, whose words these functions are (migration `row_security`).
const makeParts = sql<never, [day: Day, from: string, before: string]>(
  'historyMakeDay',
  'SELECT history_make_day($1, $2::uuid, $3::uuid)',
);
const lockParts = sql<never, [day: Day]>('historyLockDay', 'SELECT history_lock_day($1)');
const dropParts = sql<never, [day: Day]>('historyDropDay', 'SELECT history_drop_day($1)');

const historyDays = sql<{ day: string }, []>(
  'historyDays',
  `SELECT right(c.relname, 8) AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent = 'job'::regclass AND c.relname ~ '^job_[0-9]{8}$' ORDER BY 1`,
);

// One replica at a time; another one that finds it taken has nothing to do.
const tryHistory = sql<{ mine: boolean }, []>('tryHistory', 'SELECT pg_try_advisory_xact_lock(20261125) AS mine');

// A partition cannot be made for rows that the default partition holds.
const dayInDefault = sql<{ any: boolean }, [from: string, before: string]>(
  'dayInDefault',
  `SELECT EXISTS (SELECT FROM job_default WHERE id >= $1::uuid AND id < $2::uuid)
     OR EXISTS (SELECT FROM job_attempt_default WHERE job_id >= $1::uuid AND job_id < $2::uuid)
     OR EXISTS (SELECT FROM job_event_default WHERE job_id >= $1::uuid AND job_id < $2::uuid)
     OR EXISTS (SELECT FROM job_step_default WHERE job_id >= $1::uuid AND job_id < $2::uuid) AS any`,
);

const unfinished = sql<{ any: boolean }, [from: string, before: string, ended: string[]]>(
  'unfinishedInDay',
  `SELECT EXISTS (SELECT FROM job WHERE id >= $1::uuid AND id < $2::uuid AND state <> ALL($3)) AS any`,
);

const dropArtifacts = sql<never, [from: string, before: string]>(
  'dropArtifactsOfDay',
  `WITH gone AS (DELETE FROM artifact WHERE job_id >= $1::uuid AND job_id < $2::uuid RETURNING tenant_id, id)
   INSERT INTO artifact_removal (tenant_id, id) SELECT tenant_id, id FROM gone ON CONFLICT DO NOTHING`,
);

// Jobs from before there were days. Their rows are locked, so that none of them is run again meanwhile.
const dropUndated = sql<{ id: string }, [before: string, ended: string[], limit: number]>(
  'dropUndated',
  `WITH old AS (
     SELECT tenant_id, id FROM job_default WHERE id < $1::uuid AND state = ANY($2) ORDER BY id LIMIT $3 FOR UPDATE
   ), attempts AS (
     DELETE FROM job_attempt_default d USING old WHERE d.tenant_id = old.tenant_id AND d.job_id = old.id
   ), events AS (
     DELETE FROM job_event_default d USING old WHERE d.tenant_id = old.tenant_id AND d.job_id = old.id
   ), steps AS (
     DELETE FROM job_step_default d USING old WHERE d.tenant_id = old.tenant_id AND d.job_id = old.id
   ), files AS (
     DELETE FROM artifact d USING old WHERE d.tenant_id = old.tenant_id AND d.job_id = old.id
     RETURNING d.tenant_id, d.id
   ), removals AS (
     INSERT INTO artifact_removal (tenant_id, id) SELECT tenant_id, id FROM files ON CONFLICT DO NOTHING
   )
   DELETE FROM job_default j USING old WHERE j.tenant_id = old.tenant_id AND j.id = old.id RETURNING j.id`,
);

const removals = sql<{ tenant_id: string; id: string }, [limit: number]>(
  'artifactRemovals',
  'SELECT tenant_id, id FROM artifact_removal LIMIT $1',
  { idempotent: true },
);
const removed = sql<never, [tenants: string[], ids: string[]]>(
  'artifactsRemoved',
  `DELETE FROM artifact_removal r USING unnest($1::text[], $2::uuid[]) AS w(tenant_id, id)
   WHERE r.tenant_id = w.tenant_id AND r.id = w.id`,
);

/** A lock that others hold for longer is waited for at the next turn: nobody queues behind this one. */
const SETTINGS = { settings: { lock_timeout: '2s' } };

/** The ids of the day's jobs: from the first one on, before the last one. */
export function idsOf(day: Day): { from: string; before: string } {
  const { from, before } = rangeOf(day);
  return { from: firstIdAt(from), before: firstIdAt(before) };
}

/** The days that there are, oldest first. */
export async function listDays(db: Queryable): Promise<Day[]> {
  return (await db.query(historyDays())).map((row) => row.day);
}

/** Makes a day; false when there are jobs of it already that have no day, or another replica is at it. */
export async function makeDay(db: Database, day: Day): Promise<boolean> {
  const { from, before } = idsOf(day);
  return db.transaction(async (tx) => {
    if (!(await isMine(tx)) || (await tx.query(dayInDefault(from, before)))[0]!.any) return false;
    await tx.query(makeParts(day, from, before));
    return true;
  }, SETTINGS);
}

/** Drops a day with all that belongs to it; false while a job of it is not over, or another replica is at it. */
export async function dropDay(db: Database, day: Day): Promise<boolean> {
  const { from, before } = idsOf(day);
  return db.transaction(async (tx) => {
    if (!(await isMine(tx))) return false;
    await tx.query(lockParts(day));
    if ((await tx.query(unfinished(from, before, [...ENDED])))[0]!.any) return false;
    await tx.execute(dropArtifacts(from, before));
    await tx.query(dropParts(day));
    return true;
  }, SETTINGS);
}

/** Drops ended jobs that have no day and are older than `day`; how many. */
export async function dropUndatedBefore(db: Database, day: Day, limit: number): Promise<number> {
  return (await db.query(dropUndated(idsOf(day).from, [...ENDED], limit))).length;
}

/** Files whose rows are gone. */
export async function listRemovals(db: Queryable, limit: number): Promise<{ tenant: string; id: string }[]> {
  return (await db.query(removals(limit))).map((row) => ({ tenant: row.tenant_id, id: row.id }));
}

/** Their bytes are gone too. */
export async function forgetRemovals(
  db: Queryable,
  files: readonly { readonly tenant: string; readonly id: string }[],
): Promise<void> {
  await db.execute(
    removed(
      files.map(({ tenant }) => tenant),
      files.map(({ id }) => id),
    ),
  );
}

async function isMine(tx: Transaction): Promise<boolean> {
  return (await tx.query(tryHistory()))[0]!.mine;
}
