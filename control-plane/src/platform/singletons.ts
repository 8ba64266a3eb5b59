/**
 * Loops that one replica at a time runs: what would be done twice, or would read the same rows on every replica, though once
 * is enough.
 *
 * Each loop has a row in the database that says who holds it until when. One small statement every `BEAT_MS` puts off what
 * this replica holds and takes what is free, however many loops there are. When a replica dies, another one goes on within
 * `LEASE_MS + BEAT_MS`; when it stops, within `BEAT_MS`.
 *
 * Invariants: a turn starts only while the row is held, by this process's own monotonic clock counted from BEFORE the
 * statement was sent, so that it is over here before it is over for the others; the signal of a turn aborts when the row is
 * lost. A process that was stopped in the middle of a turn may still do its last step beside its successor: turns stay
 * idempotent, and what they write is guarded by the rows that they write to.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Database } from './database/index.ts';
import { holdSingletons, releaseSingletons } from './database/singleton.store.ts';
import type { Log } from './log.ts';
import { startLoop, type Loop, type LoopOptions } from './loop.ts';

/** A row is held for this long, milliseconds. */
const LEASE_MS = 6_000;
/** How often the rows are looked at, milliseconds. */
const BEAT_MS = 1_500;

export interface SingletonOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Other times than the real ones, for tests. */
  readonly leaseMs?: number;
  readonly beatMs?: number;
}

/** What is held, and until when by the monotonic clock. */
interface Held {
  readonly term: number;
  until: number;
  readonly lost: AbortController;
}

export class Singletons {
  /** This process, as the rows name it. */
  readonly holder = randomUUID();
  readonly #options: SingletonOptions;
  readonly #loops = new Map<string, Loop>();
  readonly #held = new Map<string, Held>();
  #beat: Loop | null = null;

  constructor(options: SingletonOptions) {
    this.#options = options;
  }

  /** Starts a loop whose turns run while this replica holds its row. Before `start`. */
  loop(options: Omit<LoopOptions, 'log'>): Loop {
    const { name, run } = options;
    const loop = startLoop({
      ...options,
      log: this.#options.log,
      run: async (signal) => {
        const held = this.#standing(name);
        if (held) await run(AbortSignal.any([signal, held.lost.signal]));
      },
    });
    this.#loops.set(name, loop);
    return loop;
  }

  /** Begins to take rows. */
  start(): void {
    const { log, beatMs = BEAT_MS } = this.#options;
    this.#beat = startLoop({ name: 'singletons', intervalMs: beatMs, log, run: () => this.#look() });
  }

  /** The term in which this replica holds the row; null when it does not. */
  term(name: string): number | null {
    return this.#standing(name)?.term ?? null;
  }

  /** Ends the loops, then lets others take the rows at once. */
  async stop(): Promise<void> {
    await this.#beat?.stop();
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
    const names = [...this.#held.keys()];
    this.#held.clear();
    if (names.length > 0) await releaseSingletons(this.#options.db, names, this.holder);
  }

  async #look(): Promise<void> {
    const { db, clock, leaseMs = LEASE_MS } = this.#options;
    const names = [...this.#loops.keys()];
    const until = clock.monotonicMs() + leaseMs;
    // While the database does not answer, what is held ends by itself.
    for (const name of names) this.#standing(name);
    const rows = await holdSingletons(db, names, this.holder, leaseMs);
    const held = new Map(rows.map((row) => [row.name, row.term]));
    for (const name of names) {
      const term = held.get(name);
      if (term === undefined) this.#lose(name);
      else this.#keep(name, term, until);
    }
  }

  #keep(name: string, term: number, until: number): void {
    const held = this.#standing(name);
    if (held?.term === term) {
      held.until = until;
      return;
    }
    this.#lose(name);
    this.#held.set(name, { term, until, lost: new AbortController() });
    this.#options.log.info('this replica runs a loop that runs once', { loop: name, term });
    this.#loops.get(name)?.wake();
  }

  #lose(name: string): void {
    this.#held.get(name)?.lost.abort();
    this.#held.delete(name);
  }

  #standing(name: string): Held | null {
    const held = this.#held.get(name);
    if (held && this.#options.clock.monotonicMs() < held.until) return held;
    this.#lose(name);
    return null;
  }
}
