/**
 * Live events for consoles and scripts: each subscriber reads the table by its own cursor, so that nothing depends on
 * a notification arriving and a reconnect to another replica resumes without a hole. A wake-up only makes it sooner.
 *
 * Bounds: a subscriber reads `BATCH` events at a time, or a few more that share a row, and waits while its consumer is slow; at most
 * `MAX_SUBSCRIBERS` at once.
 */
import type { Database } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import * as store from './live.store.ts';

const BATCH = 200;
const MAX_SUBSCRIBERS = 1_000;
/** How often a subscriber looks without being woken, milliseconds. */
const POLL_MS = 1_000;
/** The shortest time between two wake-ups of all subscribers, milliseconds. */
const WAKE_MS = 50;
/** The channel that carries wake-ups between replicas. */
const CHANNEL = 'casare_live';

/** What to follow. */
export interface Subscription {
  readonly tenant: string;
  readonly job: string | null;
  /** Where to resume; absent: from now on. */
  readonly cursor: string | null;
}

export class LiveService {
  readonly #db: Database;
  readonly #waiting = new Set<() => void>();
  #subscribers = 0;
  #resting = false;
  #wokenAgain = false;
  #told = false;
  #tellAgain = false;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Hears other replicas; resolves to a function that stops hearing. */
  async start(): Promise<() => Promise<void>> {
    const subscription = await this.#db.listen(CHANNEL, () => this.#wakeHere());
    return () => subscription.close();
  }

  /** To be called after a COMMIT that appended events. Other replicas are told at once and then at most once in `WAKE_MS`. */
  wake(): void {
    this.#wakeHere();
    if (this.#told) {
      this.#tellAgain = true;
      return;
    }
    this.#told = true;
    this.#tellAgain = false;
    this.#db.notify(CHANNEL);
    setTimeout(() => {
      this.#told = false;
      if (this.#tellAgain) this.wake();
    }, WAKE_MS).unref();
  }

  /** Where a subscription that starts now begins. */
  now(): Promise<string> {
    return store.cursorOfNow(this.#db);
  }

  /** Yields events until `signal` aborts. Yields an empty batch after a quiet interval, as a chance to keep alive. */
  async *follow(subscription: Subscription, signal: AbortSignal): AsyncGenerator<store.StoredLiveEvent[]> {
    if (this.#subscribers >= MAX_SUBSCRIBERS) throw tooMany();
    this.#subscribers += 1;
    try {
      let cursor = subscription.cursor ?? (await this.now());
      while (!signal.aborted) {
        const woken = this.#nextWake(signal);
        const read = await store.readAfter(this.#db, subscription.tenant, cursor, subscription.job, BATCH);
        cursor = read.cursor;
        yield [...read.events];
        if (!read.more) await woken;
      }
    } finally {
      this.#subscribers -= 1;
    }
  }

  /** Batches commit every few milliseconds: readers are woken at once and then at most once in `WAKE_MS`. */
  #wakeHere(): void {
    if (this.#resting) {
      this.#wokenAgain = true;
      return;
    }
    this.#resting = true;
    for (const wake of this.#waiting) wake();
    const rested = (): void => {
      this.#resting = false;
      if (this.#wokenAgain) this.#wakeHere();
    };
    this.#wokenAgain = false;
    setTimeout(rested, WAKE_MS).unref();
  }

  /** Resolves at the next wake-up, after the poll interval, or on abort. */
  #nextWake(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, POLL_MS);
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.add(done);
    });
  }
}

function tooMany(): Fault {
  return new Fault({
    code: 'LIVE_TOO_MANY',
    what: 'No more live streams can be opened here',
    why: `${MAX_SUBSCRIBERS} are open`,
    fix: 'Close some, or ask another replica',
    status: 503,
  });
}
