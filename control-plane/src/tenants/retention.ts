/**
 * Retention of tenants: what is over is taken away after as many days as its tenant wants, sooner than the installation does
 * it by whole days (`jobs/history.ts`).
 *
 * Invariants: what is open or in review stays, however old; bytes of files go after their rows (the removals of the history).
 * Bounds: `BATCH` jobs in a transaction, `BATCHES` for a tenant and kind in a turn; the next turn goes on there.
 */
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import * as store from './retention.store.ts';

export interface RetentionOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Other bounds than the real ones, for tests. */
  readonly batch?: number;
  readonly batches?: number;
}

const BATCH = 200;
const BATCHES = 50;
const TENANTS = 100_000;
const KINDS = ['artifacts', 'logs', 'jobs'] as const;
const DAY_MS = 86_400_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

export class RetentionSweep {
  readonly #options: RetentionOptions;
  /** Where the next turn goes on, by tenant and kind; a pass that has ended begins anew. */
  readonly #places = new Map<string, string>();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** One turn; how much was taken away. */
  async turn(signal: AbortSignal): Promise<number> {
    const { db, log } = this.#options;
    let taken = 0;
    for (const keeping of await store.listKeepings(db, TENANTS)) {
      for (const kind of KINDS) {
        const days = keeping[kind];
        if (signal.aborted) return taken;
        if (days === null) continue;
        try {
          taken += await this.#take(keeping.tenant, kind, days, signal);
        } catch (error) {
          log.error('old records could not be taken away; it tries again', { tenant: keeping.tenant, kind, error });
        }
      }
    }
    return taken;
  }

  async #take(tenant: string, kind: store.Kind, days: number, signal: AbortSignal): Promise<number> {
    const { db, clock, log, batch: limit = BATCH, batches = BATCHES } = this.#options;
    const before = new Date(clock.now().getTime() - days * DAY_MS);
    const key = `${tenant} ${kind}`;
    let taken = 0;
    for (let batch = 0; batch < batches && !signal.aborted; batch++) {
      const ids = await store.listOver(db, { tenant, after: this.#places.get(key) ?? FIRST, before, limit });
      if (ids.length > 0) taken += await store.drop(db, kind, tenant, ids, before);
      if (ids.length === limit) this.#places.set(key, ids.at(-1)!);
      else {
        this.#places.delete(key);
        break;
      }
    }
    if (taken > 0) log.info('old records were taken away', { tenant, kind, taken });
    return taken;
  }
}
