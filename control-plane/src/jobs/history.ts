/**
 * Keeps history by day: makes partitions ahead and drops those that are older than history is kept, with the files of
 * their jobs. What is not over stays, however old it is.
 *
 * Invariants: a file is removed only after its row was, and every file whose row was is removed at last. Bounds: one day and
 * `BATCH` files or undated jobs in a transaction.
 */
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import type { Singletons } from '../platform/singletons.ts';
import type { ArtifactFiles } from './artifact-files.ts';
import { expiredDays, wantedDays, type Day } from './history.decision.ts';
import * as store from './history.store.ts';

export interface HistoryDependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Pick<ArtifactFiles, 'remove'>;
  /** How long a job is kept after the day on which it was submitted; null: for ever. */
  readonly keepDays: number | null;
}

const INTERVAL_MS = 600_000;
const BATCH = 500;

/** Starts the loop, on one replica at a time; its first turn makes what is missing. It stops with `singletons`. */
export function startHistory(deps: HistoryDependencies, singletons: Singletons): void {
  const run = (signal: AbortSignal) => keepHistory(deps, () => signal.aborted);
  singletons.loop({ name: 'jobs.history', intervalMs: INTERVAL_MS, run });
}

/** One turn. */
export async function keepHistory(deps: HistoryDependencies, stopped: () => boolean = () => false): Promise<void> {
  const { db, clock, keepDays } = deps;
  const days = await store.listDays(db);
  for (const day of wantedDays(clock.now())) if (!days.includes(day)) await store.makeDay(db, day);
  if (keepDays !== null) await dropOld(deps, days, keepDays, stopped);
  await removeFiles(deps, stopped);
}

async function dropOld(
  { db, clock, log }: HistoryDependencies,
  days: readonly Day[],
  keepDays: number,
  stopped: () => boolean,
): Promise<void> {
  for (const day of expiredDays(days, clock.now(), keepDays)) {
    if (stopped()) return;
    if (await store.dropDay(db, day)) log.info('a day of history was dropped', { day });
    else log.debug('a day of history is kept: a job of it is not over', { day });
  }
  const oldest = wantedDays(new Date(clock.now().getTime() - keepDays * 86_400_000))[0]!;
  let dropped = BATCH;
  while (dropped === BATCH && !stopped()) dropped = await store.dropUndatedBefore(db, oldest, BATCH);
}

async function removeFiles({ db, files }: HistoryDependencies, stopped: () => boolean): Promise<void> {
  for (let some = await store.listRemovals(db, BATCH); some.length > 0; some = await store.listRemovals(db, BATCH)) {
    if (stopped()) return;
    for (const { tenant, id } of some) await files.remove(tenant, id);
    await store.forgetRemovals(db, some);
  }
}
