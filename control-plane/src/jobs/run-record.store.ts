/** Reading the events of a run, for its record. */
import { RecordedEvent } from '@casare/shared/record';
import { sql, type Queryable } from '../platform/database/index.ts';

const listEvents = sql<
  { attempt: number; seq: number; at: Date; body: unknown },
  [tenant: string, job: string, attempt: number, seq: number, limit: number]
>(
  'listEvents',
  `SELECT attempt, seq, at, body FROM job_event WHERE tenant_id = $1 AND job_id = $2 AND (attempt, seq) > ($3, $4)
   ORDER BY attempt, seq LIMIT $5`,
  { idempotent: true },
);

/** Committed events after (attempt, seq), oldest first. */
export async function findEvents(
  db: Queryable,
  tenant: string,
  job: string,
  after: readonly [attempt: number, seq: number],
  limit: number,
): Promise<RecordedEvent[]> {
  const rows = await db.query(listEvents(tenant, job, after[0], after[1], limit));
  return rows.map(({ at, ...row }) => RecordedEvent.parse({ ...row, at: at.toISOString() }));
}
