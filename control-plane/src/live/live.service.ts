/**
 * Live events for consoles and scripts: each subscriber reads the table by its own cursor, so that nothing depends on
 * a notification arriving and a reconnect to another replica resumes without a hole. A wake-up only makes it sooner.
 *
 * Invariant: a subscriber misses nothing without being told. Where its cursor is so old that events after it were forgotten, or
 * of a record that was replaced by a backup, it gets `stream.reset` and goes on from now.
 *
 * Bounds: a subscriber reads `BATCH` events at a time, or a few more that share a row, and waits while its consumer is slow;
 * `SEATS` streams at once, `SEATS_OF_TENANT` of one tenant, and `SEATS_OF_ACCOUNT` of one account.
 */
import type { Database } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import * as store from './live.store.ts';

const BATCH = 200;
const SEATS = 1_000;
/** However many accounts it has: others follow too. */
const SEATS_OF_TENANT = 500;
/** A person has a few consoles open, a program a few streams; more is a program that never closes one. */
const SEATS_OF_ACCOUNT = 50;
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
  /** Open streams, by tenant and by account. */
  readonly #seats = new Map<string, number>();
  #seated = 0;
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

  /** A place for a stream of somebody, until `ended` aborts. */
  seat({ tenant, accountId }: Pick<Caller, 'tenant' | 'accountId'>, ended: AbortSignal): Refusal | null {
    const [ofTenant, ofAccount] = [`tenant ${tenant}`, `account ${accountId}`];
    const own = this.#seats.get(ofAccount) ?? 0;
    if (own >= SEATS_OF_ACCOUNT) return tooMany(`${own} are open of this account`);
    const all = this.#seats.get(ofTenant) ?? 0;
    if (all >= SEATS_OF_TENANT) return tooMany(`${all} are open of this tenant`);
    if (this.#seated >= SEATS) return tooMany(`${this.#seated} are open`);
    if (ended.aborted) return null;
    this.#take([ofTenant, ofAccount], 1);
    ended.addEventListener('abort', () => this.#take([ofTenant, ofAccount], -1), { once: true });
    return null;
  }

  #take(of: readonly string[], seats: 1 | -1): void {
    this.#seated += seats;
    for (const one of of) {
      const own = (this.#seats.get(one) ?? 0) + seats;
      if (own === 0) this.#seats.delete(one);
      else this.#seats.set(one, own);
    }
  }

  /** Yields events until `signal` aborts. Yields an empty batch after a quiet interval, as a chance to keep alive. */
  async *follow(subscription: Subscription, signal: AbortSignal): AsyncGenerator<store.StoredLiveEvent[]> {
    let cursor = subscription.cursor ?? (await this.now());
    while (!signal.aborted) {
      const woken = this.#nextWake(signal);
      const { tenant, job } = subscription;
      const read = await store.readAfter(this.#db.of(tenant), tenant, cursor, job, BATCH);
      if (read.lost) {
        const now = await store.now(this.#db);
        cursor = now.cursor;
        yield [{ cursor, event: { type: 'stream.reset', at: now.at.toISOString() } }];
        continue;
      }
      cursor = read.cursor;
      yield [...read.events];
      if (!read.more) await woken;
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

function tooMany(why: string): Refusal {
  return refuse('busy', 'LIVE_TOO_MANY', 'No more live streams can be opened here.', {
    detail: `${why}.`,
    fix: 'Close some, or ask another replica.',
    retryAfterSeconds: 5,
  });
}
