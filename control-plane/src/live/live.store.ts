/**
 * The table of live events: appended inside the transaction that made the change, read by cursor.
 *
 * Invariant: a reader's cursor never passes a transaction that is still open. `xid` orders events by transaction, and
 * reading stops below `pg_snapshot_xmin`, so an event that commits late is met later and never skipped.
 */
import type { LiveEvent } from '@casare/shared/api';
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

interface Row {
  readonly xid: string;
  readonly id: number;
  readonly body: unknown;
}

const appendLive = sql<never, [tenants: string[], jobs: (string | null)[], bodies: string[]]>(
  'appendLive',
  `INSERT INTO live_event (tenant_id, job_id, body)
   SELECT * FROM unnest($1::text[], $2::uuid[], $3::jsonb[])`,
);

const readLive = sql<Row, [tenant: string, xid: string, id: number, job: string | null, limit: number]>(
  'readLive',
  `SELECT xid::text, id, body FROM live_event
   WHERE tenant_id = $1 AND (xid, id) > ($2::text::xid8, $3::bigint)
     AND xid < pg_snapshot_xmin(pg_current_snapshot())
     AND ($4::uuid IS NULL OR job_id = $4)
   ORDER BY xid, id LIMIT $5`,
  { idempotent: true },
);

const newestLive = sql<{ xid: string }, []>(
  'newestLive',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid`,
  { idempotent: true },
);

const pruneLive = sql<never, [before: Date]>('pruneLive', `DELETE FROM live_event WHERE at < $1`);

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

/** Events of a tenant after `cursor`, oldest first, at most `limit`; those of one job when `job` is given. */
export async function readAfter(
  db: Queryable,
  tenant: string,
  cursor: string,
  job: string | null,
  limit: number,
): Promise<StoredLiveEvent[]> {
  const [xid, id] = parseCursor(cursor) ?? ['0', 0];
  const rows = await db.query(readLive(tenant, xid, id, job, limit));
  return rows.map((row) => ({ cursor: `${row.xid}-${row.id}`, event: LiveEventSchema.parse(row.body) }));
}

/** The cursor of "now": everything that commits from here on comes after it. */
export async function cursorOfNow(db: Queryable): Promise<string> {
  const [row] = await db.query(newestLive());
  return `${row!.xid}-0`;
}

/** Forgets events older than `before`. */
export function prune(db: Queryable, before: Date): Promise<number> {
  return db.execute(pruneLive(before));
}
