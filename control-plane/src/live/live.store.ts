/**
 * The table of live events: appended inside the transaction that made the change, read by cursor.
 *
 * Invariant: a reader's cursor never passes a transaction that is still open. `xid` orders events by transaction, and
 * reading stops below `pg_snapshot_xmin`, so an event that commits late is met later and never skipped.
 */
import type { JobState, LiveEvent } from '@casare/shared/api';
import { LiveEvent as LiveEventSchema } from '@casare/shared/api';
import type { Queryable } from '../platform/database/index.ts';
import { sql } from '../platform/database/index.ts';
import { parseCursor } from './cursor.ts';
import { jsonb } from '../platform/jsonb.ts';

/** An event with the cursor that stands after it. */
export interface StoredLiveEvent {
  readonly cursor: string;
  readonly event: LiveEvent;
}

/** What is appended: the tenant comes from the caller, never from the event. */
export interface NewLiveEvent {
  readonly tenant: string;
  readonly event: LiveEvent;
}

/** What was read, and where to go on: also past what does not concern the reader. */
export interface LiveBatch {
  readonly events: readonly StoredLiveEvent[];
  readonly cursor: string;
  /** There may be more already. */
  readonly more: boolean;
  /** What came after the cursor is not all here any more, or the cursor is of another record: one that was restored. */
  readonly lost: boolean;
}

/** Without an event, `horizon` alone. */
interface Row {
  readonly horizon: string;
  readonly lost: boolean;
  readonly xid: string | null;
  readonly id: number;
  readonly body: object;
  readonly jobs: readonly string[] | null;
  /** Where in the row the one job stands that was asked for, from 1; `null` when all were. */
  readonly place: number | null;
}

const appendLive = sql<never, [tenants: string[], jobs: (string | null)[], bodies: string[]]>(
  'appendLive',
  `INSERT INTO live_event (tenant_id, job_id, body)
   SELECT * FROM unnest($1::text[], $2::uuid[], $3::jsonb[])`,
);

const appendJobChanges = sql<never, [tenants: string[], bodies: string[], jobs: string[]]>(
  'appendJobChanges',
  `INSERT INTO live_event (tenant_id, body, jobs)
   SELECT tenant_id, body, jobs::uuid[] FROM unnest($1::text[], $2::jsonb[], $3::text[]) AS c(tenant_id, body, jobs)`,
);

// The horizon is that of the snapshot which reads: everything below it has been seen once the batch is not full. Rows are
// read whole, and no more of them than hold `limit` events with all before them.
const readLive = sql<Row, [tenant: string, xid: string, id: number, job: string | null, limit: number]>(
  'readLive',
  `SELECT h.xmin::text AS horizon, $2::text::xid8 <= h.forgotten OR $2::text::xid8 > h.xmin AS lost,
     e.xid::text AS xid, e.id, e.body, e.jobs, e.place
   FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin, live_forgotten AS forgotten FROM store) h
   LEFT JOIN LATERAL (
     SELECT *, sum(coalesce(cardinality(jobs), 1)) OVER (ORDER BY xid, id ROWS UNBOUNDED PRECEDING)
       - coalesce(cardinality(jobs), 1) AS before
     FROM (
       SELECT xid, id, body, CASE WHEN $4::uuid IS NULL THEN jobs WHEN jobs IS NOT NULL THEN ARRAY[$4] END AS jobs,
         array_position(jobs, $4) AS place
       FROM live_event
       WHERE tenant_id = $1 AND (xid, id) > ($2::text::xid8, $3::bigint) AND xid < h.xmin
         AND ($4::uuid IS NULL OR job_id = $4 OR $4 = ANY(jobs))
       ORDER BY xid, id LIMIT $5
     ) rows
   ) e ON e.before < $5
   ORDER BY e.xid, e.id`,
  { idempotent: true },
);

const newestLive = sql<{ xid: string; at: Date }, []>(
  'newestLive',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid, clock_timestamp() AS at`,
  { idempotent: true },
);

// Bounded: a transaction that is open for long holds the horizon back, and with it every reader. Up to which event some
// were forgotten is noted with it, so that no reader misses one without being told.
const pruneLive = sql<{ forgotten: number }, [before: Date, limit: number]>(
  'pruneLive',
  `WITH gone AS (
     DELETE FROM live_event WHERE (tenant_id, xid, id) IN (
       SELECT tenant_id, xid, id FROM live_event WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING xid
   ), noted AS (
     UPDATE store SET live_forgotten = last.xid FROM (SELECT max(xid) AS xid FROM gone) last
     WHERE last.xid > store.live_forgotten
   )
   SELECT count(*)::int AS forgotten FROM gone`,
);
/** Events that one transaction forgets. */
const PRUNED = 5_000;

/** Appends events in the caller's transaction. */
export async function append(tx: Queryable, events: readonly NewLiveEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.execute(
    appendLive(
      events.map(({ tenant }) => tenant),
      events.map(({ event }) => ('jobId' in event ? event.jobId : null)),
      events.map(({ event }) => jsonb(LiveEventSchema.parse(event))),
    ),
  );
}

/** A job's new state. */
export interface JobChange {
  readonly tenant: string;
  readonly jobId: string;
  readonly state: JobState;
  readonly attempt: number;
}

/** Jobs of one row at most: it stays small enough to be kept in its page. */
const JOBS = 100;

/** Appends `job.changed` events in the caller's transaction; jobs that took the same step share a row. */
export async function appendJobs(tx: Queryable, changes: readonly JobChange[], at: Date): Promise<void> {
  if (changes.length === 0) return;
  const rows = [...Map.groupBy(changes, ({ tenant, state, attempt }) => `${tenant} ${state} ${attempt}`).values()]
    .flatMap((alike) => chunksOf(alike, JOBS))
    .map((jobs) => ({ ...jobs[0]!, jobs }));
  await tx.execute(
    appendJobChanges(
      rows.map(({ tenant }) => tenant),
      rows.map(({ state, attempt }) => jsonb({ type: 'job.changed', at: at.toISOString(), state, attempt })),
      rows.map(({ jobs }) => `{${jobs.map(({ jobId }) => jobId).join(',')}}`),
    ),
  );
}

function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, n) => list.slice(n * size, (n + 1) * size));
}

/**
 * Events of a tenant after `cursor`, oldest first, at least `limit` if there are as many, and fewer than `limit` and a row's
 * worth; those of one job when `job` is given. A cursor of the future (the database was restored from a backup) is taken
 * for now, and so `lost`.
 */
export async function readAfter(
  db: Queryable,
  tenant: string,
  cursor: string,
  job: string | null,
  limit: number,
): Promise<LiveBatch> {
  const { xid, id, part } = parseCursor(cursor) ?? START;
  const rows = await db.query(readLive(tenant, xid, part === null ? id : id - 1, job, limit));
  const read = rows.flatMap(eventsOf);
  // Of a row that was read in part before, what is left of it.
  const events = read.filter((event) => part === null || event.row !== `${xid}-${id}` || event.part > part);
  const more = read.length >= limit;
  const { lost } = rows[0]!;
  return { events, more, lost, cursor: more ? read.at(-1)!.row : `${rows[0]!.horizon}-0` };
}

const START = { xid: '0', id: 0, part: null };

/** The events of a row; each with the cursor that stands after it. */
function eventsOf({
  xid,
  id,
  body,
  jobs,
  place,
}: Row): (StoredLiveEvent & { readonly row: string; readonly part: number })[] {
  if (xid === null) return [];
  const row = `${xid}-${id}`;
  if (jobs === null) return [{ row, part: 1, cursor: row, event: LiveEventSchema.parse(body) }];
  return jobs.map((jobId, index) => {
    const part = place ?? index + 1;
    const whole = place !== null || part === jobs.length;
    return { row, part, cursor: whole ? row : `${row}.${part}`, event: LiveEventSchema.parse({ ...body, jobId }) };
  });
}

/** The cursor of "now": everything that commits from here on comes after it; and what time that is. */
export async function now(db: Queryable): Promise<{ cursor: string; at: Date }> {
  const [row] = await db.query(newestLive());
  return { cursor: `${row!.xid}-0`, at: row!.at };
}

export async function cursorOfNow(db: Queryable): Promise<string> {
  return (await now(db)).cursor;
}

/** Forgets events older than `before`, in transactions of a bounded size, until `stopped`; how many. */
export async function prune(db: Queryable, before: Date, stopped: () => boolean = () => false): Promise<number> {
  let forgotten = 0;
  for (let last = PRUNED; last === PRUNED && !stopped(); forgotten += last) {
    last = (await db.query(pruneLive(before, PRUNED)))[0]!.forgotten;
  }
  return forgotten;
}
