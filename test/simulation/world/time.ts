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

interface Timer {
  readonly id: number;
  readonly at: number;
  readonly run: () => void;
  readonly everyMs: number | null;
}

const real = { setImmediate: globalThis.setImmediate, Date: globalThis.Date };

export class VirtualTime {
  /** Milliseconds since the start. */
  now = 0;
  /** Timers that ran. */
  steps = 0;
  /** A heap by (at, id). */
  readonly #heap: Timer[] = [];
  readonly #live = new Set<number>();
  #nextId = 1;

  /** Puts virtual timers, clocks and chance in the place of this process's own, for good. */
  install(chance: () => Chance): void {
    const set = (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]): object =>
      this.#handle(this.#add(Math.max(0, delayMs), () => run(...args), null));
    const every = (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]): object =>
      this.#handle(this.#add(Math.max(1, delayMs), () => run(...args), Math.max(1, delayMs)));
    const clear = (handle: unknown): void => void this.#live.delete(Number(handle));
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
    this.#add(delayMs, run, null);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Runs timers until `done`, or until this moment; false when the moment came first. */
  async run(untilMs: number, done: () => boolean): Promise<boolean> {
    await this.#settle();
    while (!done()) {
      if (this.#nextAt() > untilMs) return false;
      const timer = this.#pop()!;
      this.now = timer.at;
      this.steps += 1;
      timer.run();
      await this.#settle();
    }
    return true;
  }

  /** Forgets every timer. */
  clear(): void {
    this.#heap.length = 0;
    this.#live.clear();
    this.now = 0;
    this.steps = 0;
    this.#nextId = 1;
  }

  /** Lets promises come to rest: a turn of the real event loop runs all of their reactions. */
  #settle(): Promise<void> {
    return new Promise((resolve) => void real.setImmediate(resolve));
  }

  #handle(id: number): object {
    const handle = { ref: () => handle, unref: () => handle, hasRef: () => false, [Symbol.toPrimitive]: () => id };
    return handle;
  }

  #add(delayMs: number, run: () => void, everyMs: number | null, id = this.#nextId++): number {
    this.#live.add(id);
    const heap = this.#heap;
    heap.push({ id, at: this.now + delayMs, run, everyMs });
    for (let at = heap.length - 1; at > 0;) {
      const above = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[above]!)) break;
      [heap[at], heap[above]] = [heap[above]!, heap[at]!];
      at = above;
    }
    return id;
  }

  /** When the next timer runs; timers that were cleared are thrown away here. */
  #nextAt(): number {
    while (this.#heap.length > 0 && !this.#live.has(this.#heap[0]!.id)) this.#take();
    return this.#heap[0]?.at ?? Infinity;
  }

  #pop(): Timer | null {
    for (;;) {
      const timer = this.#take();
      if (timer === null) return null;
      if (!this.#live.delete(timer.id)) continue;
      if (timer.everyMs === null) return timer;
      const { id, everyMs, run } = timer;
      const repeated = (): void => {
        this.#add(everyMs, run, everyMs, id);
        run();
      };
      return { ...timer, run: repeated };
    }
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
