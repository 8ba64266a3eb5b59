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
}

/** Without an event, `horizon` alone. */
interface Row {
  readonly horizon: string;
  readonly xid: string | null;
  readonly id: number;
  readonly body: unknown;
}

const appendLive = sql<never, [tenants: string[], jobs: (string | null)[], bodies: string[]]>(
  'appendLive',
  `INSERT INTO live_event (tenant_id, job_id, body)
   SELECT * FROM unnest($1::text[], $2::uuid[], $3::jsonb[])`,
);

const appendJobChanges = sql<
  never,
  [tenants: string[], jobs: string[], states: string[], attempts: number[], at: string]
>(
  'appendJobChanges',
  `INSERT INTO live_event (tenant_id, job_id, body)
   SELECT tenant_id, job_id,
     jsonb_build_object('type', 'job.changed', 'at', $5::text, 'jobId', job_id, 'state', state, 'attempt', attempt)
   FROM unnest($1::text[], $2::uuid[], $3::text[], $4::int[]) AS c(tenant_id, job_id, state, attempt)`,
);

// The horizon is that of the snapshot which reads: everything below it has been seen once the batch is not full.
const readLive = sql<Row, [tenant: string, xid: string, id: number, job: string | null, limit: number]>(
  'readLive',
  `SELECT h.xmin::text AS horizon, e.xid::text AS xid, e.id, e.body
   FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) h
   LEFT JOIN LATERAL (
     SELECT xid, id, body FROM live_event
     WHERE tenant_id = $1 AND (xid, id) > ($2::text::xid8, $3::bigint) AND xid < h.xmin
       AND ($4::uuid IS NULL OR job_id = $4)
     ORDER BY xid, id LIMIT $5
   ) e ON true
   ORDER BY e.xid, e.id`,
  { idempotent: true },
);

const newestLive = sql<{ xid: string }, []>(
  'newestLive',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid`,
  { idempotent: true },
);

// Bounded: a transaction that is open for long holds the horizon back, and with it every reader.
const pruneLive = sql<never, [before: Date, limit: number]>(
  'pruneLive',
  `DELETE FROM live_event WHERE (tenant_id, xid, id) IN (
     SELECT tenant_id, xid, id FROM live_event WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`,
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

/** Appends `job.changed` events in the caller's transaction: the most frequent ones, built in the database. */
export async function appendJobs(tx: Queryable, changes: readonly JobChange[], at: Date): Promise<void> {
  if (changes.length === 0) return;
  await tx.execute(
    appendJobChanges(
      changes.map(({ tenant }) => tenant),
      changes.map(({ jobId }) => jobId),
      changes.map(({ state }) => state),
      changes.map(({ attempt }) => attempt),
      at.toISOString(),
    ),
  );
}

/**
 * Events of a tenant after `cursor`, oldest first, at most `limit`; those of one job when `job` is given. A cursor of the
 * future (the database was restored from a backup) is taken for now.
 */
export async function readAfter(
  db: Queryable,
  tenant: string,
  cursor: string,
  job: string | null,
  limit: number,
): Promise<LiveBatch> {
  const [xid, id] = parseCursor(cursor) ?? ['0', 0];
  const rows = await db.query(readLive(tenant, xid, id, job, limit));
  const events: StoredLiveEvent[] = [];
  for (const row of rows) {
    if (row.xid === null) continue;
    events.push({ cursor: `${row.xid}-${row.id}`, event: LiveEventSchema.parse(row.body) });
  }
  const last = events.at(-1)?.cursor;
  return { events, cursor: events.length === limit && last !== undefined ? last : `${rows[0]!.horizon}-0` };
}

/** The cursor of "now": everything that commits from here on comes after it. */
export async function cursorOfNow(db: Queryable): Promise<string> {
  const [row] = await db.query(newestLive());
  return `${row!.xid}-0`;
}

/** Forgets events older than `before`, in transactions of a bounded size, until `stopped`; how many. */
export async function prune(db: Queryable, before: Date, stopped: () => boolean = () => false): Promise<number> {
  let forgotten = 0;
  for (let last = PRUNED; last === PRUNED && !stopped(); forgotten += last) {
    last = await db.execute(pruneLive(before, PRUNED));
  }
  return forgotten;
}
