/**
 * The queue's driver as a port (design section 6). The driver holds which jobs are READY and hands each to one
 * caller; what a job is, its leases and its record stay in Postgres, which is the system of record for every driver.
 */
import type { Queryable } from '../platform/database/index.ts';
import type { ReadyJob } from './matching.decision.ts';

/** A place in the queue. */
export interface ReadyPlace extends ReadyJob {
  /** 100 - priority: lower runs first. */
  readonly rank: number;
  /** Order of arrival within (route, rank). */
  readonly seq: number;
}

/** What a claim got. */
export interface HeldPlaces {
  readonly places: readonly ReadyPlace[];
  /** Places that were chosen too and that somebody else held: others may be free behind them. */
  readonly missed: number;
}

/**
 * A queue driver. All calls run inside the caller's transaction on the system of record. Who locks a job and its place
 * locks the job first; the claim holds places first and then takes only jobs that nobody has locked, without waiting.
 */
export interface ReadyQueue {
  /**
   * Picks and holds the best ready jobs: at most `wanted` per route and `limit` in all; of each tenant by (rank, seq), and
   * tenants take turns. Its cost depends on the routes asked for, never on how many jobs wait for somebody else.
   */
  hold(tx: Queryable, wanted: ReadonlyMap<number, number>, limit: number): Promise<HeldPlaces>;
  /** Of these routes, those with a job in the queue. */
  busy(tx: Queryable, routeIds: readonly number[]): Promise<ReadonlySet<number>>;
  /** Takes held jobs out; the others go free with the transaction. */
  take(tx: Queryable, places: readonly ReadyPlace[]): Promise<void>;
  /** Takes one job out wherever it is; false when it is not in the queue. */
  remove(tx: Queryable, tenant: string, jobId: string): Promise<boolean>;
  /** Puts jobs (back) in, each at the end of its rank; one that is in already keeps its place. */
  offer(
    tx: Queryable,
    tenant: string,
    jobs: readonly { jobId: string; routeId: number; rank: number }[],
  ): Promise<void>;
}
