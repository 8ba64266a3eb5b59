/**
 * Virtual time: every timer and clock of this process goes through it. Time stands still while code runs and jumps to the
 * next timer when nothing is left to do, so that an hour takes a second and the same seed takes the same way.
 *
 * Invariant: timers run in the order of their times, those of one time in the order in which they were set; between two of
 * them everything that they set going (promises) has come to rest.
 */
import crypto from 'node:crypto';
import os from 'node:os';
import { syncBuiltinESMExports } from 'node:module';
import type { Chance } from './random.ts';

/** Where virtual time begins. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** A timer; what `setTimeout` returns. */
class Timer {
  isLive = true;
  at: number;
  /** The order among those of one time. */
  id: number;
  readonly run: () => void;
  readonly everyMs: number | null;

  constructor(id: number, at: number, run: () => void, everyMs: number | null) {
    this.id = id;
    this.at = at;
    this.run = run;
    this.everyMs = everyMs;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }
}

/** The real event loop gets a turn after so many timers; a turn for each costs more than the timers do. */
const TIMERS_PER_TURN = 1_000;

/** More timers than this within a millisecond: somebody asks to be woken at once, for ever. */
const TIMERS_PER_MS = 200_000;

/** Runs what promises have set going, and what that sets going, to the end; only outside of such a reaction itself. */
const letPromisesRest = (process as unknown as { _tickCallback: () => void })._tickCallback.bind(process);

const real = { setImmediate: globalThis.setImmediate, Date: globalThis.Date };

export class VirtualTime {
  /** Milliseconds since the start. */
  now = 0;
  /** Timers that ran. */
  steps = 0;
  /** A heap by (at, id). */
  readonly #heap: Timer[] = [];
  #nextId = 1;
  /** The millisecond that it is, and the timers that ran in it. */
  #ms = 0;
  #ranInMs = 0;

  /** Puts virtual timers, clocks and chance in the place of this process's own, for good. */
  install(chance: () => Chance): void {
    const set = (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]): object =>
      this.#add(Math.max(0, delayMs), () => run(...args), null);
    const every = (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]): object =>
      this.#add(Math.max(1, delayMs), () => run(...args), Math.max(1, delayMs));
    const clear = (timer: unknown): void => {
      if (timer instanceof Timer) timer.isLive = false;
    };
    const now = (): number => this.wall();
    class VirtualDate extends real.Date {
      constructor(...given: [] | [number | string | Date]) {
        if (given.length === 0) super(now());
        else super(...given);
      }
      static override now(): number {
        return Math.floor(now());
      }
    }
    Object.assign(globalThis, {
      setTimeout: set,
      setInterval: every,
      setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) => set(run, 0, ...args),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
      Date: VirtualDate,
    });
    Object.defineProperty(performance, 'now', { value: () => this.now });
    Math.random = () => chance().next();
    // What agents say about their machine's load must not depend on this one's.
    os.loadavg = () => [0, 0, 0];
    os.availableParallelism = () => 1;
    crypto.randomUUID = () => chance().uuid() as ReturnType<typeof crypto.randomUUID>;
    syncBuiltinESMExports();
  }

  /** `Date.now()` of the reference clock. */
  wall(): number {
    return EPOCH_MS + this.now;
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.now + delayMs, run);
  }

  /** As `after`, at a moment: sums of different `now` and delays may differ in their last bit, and then in their order. */
  at(ms: number, run: () => void): void {
    this.#push(new Timer(this.#nextId++, ms, run, null));
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Runs timers until `done`, or until this moment; false when the moment came first. Rejects when time stands still. */
  run(untilMs: number, done: () => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      // In a turn of the real event loop, not in a reaction of a promise: there, reactions can be run to their end.
      const turn = (): void => {
        try {
          const outcome = this.#turn(untilMs, done);
          if (outcome === null) real.setImmediate(turn);
          else resolve(outcome);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      real.setImmediate(turn);
    });
  }

  /** Runs some timers; null when there are more to run. */
  #turn(untilMs: number, done: () => boolean): boolean | null {
    for (let ran = 0; ran < TIMERS_PER_TURN; ran++) {
      if (done()) return true;
      if (this.#nextAt() > untilMs) return false;
      this.#runNext();
      letPromisesRest();
    }
    return null;
  }

  /** Forgets every timer. */
  clear(): void {
    this.#heap.length = 0;
    this.now = 0;
    this.steps = 0;
    this.#nextId = 1;
    this.#ms = 0;
    this.#ranInMs = 0;
  }

  #add(delayMs: number, run: () => void, everyMs: number | null): Timer {
    const timer = new Timer(this.#nextId++, this.now + delayMs, run, everyMs);
    this.#push(timer);
    return timer;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    heap.push(timer);
    for (let at = heap.length - 1; at > 0;) {
      const above = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[above]!)) break;
      [heap[at], heap[above]] = [heap[above]!, heap[at]!];
      at = above;
    }
  }

  /** When the next timer runs; timers that were cleared are thrown away here. */
  #nextAt(): number {
    while (this.#heap.length > 0 && !this.#heap[0]!.isLive) this.#take();
    return this.#heap[0]?.at ?? Infinity;
  }

  /** Runs the first timer, which `#nextAt` has looked at. */
  #runNext(): void {
    const timer = this.#take()!;
    this.now = timer.at;
    this.steps += 1;
    const ms = Math.floor(this.now);
    this.#ranInMs = ms === this.#ms ? this.#ranInMs + 1 : 0;
    this.#ms = ms;
    if (this.#ranInMs > TIMERS_PER_MS) throw new Error(`time stands still at ${this.now} ms`);
    if (timer.everyMs === null) timer.isLive = false;
    else {
      timer.at += timer.everyMs;
      timer.id = this.#nextId++;
      this.#push(timer);
    }
    timer.run();
  }

  #take(): Timer | null {
    const heap = this.#heap;
    const [top, last] = [heap[0], heap.pop()];
    if (top === undefined || last === undefined) return null;
    if (heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right;
      if (least === at) return top;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.id < other.id);
}
