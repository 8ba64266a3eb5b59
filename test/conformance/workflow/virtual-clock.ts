/**
 * Time that passes only where a run waits: whoever sleeps is woken in the order of time, and deadlines that come first
 * expire on the way. Branches of a fork therefore wait side by side, as on a machine.
 */
import type { Clock } from '../../../edge-agent/src/engine/index.ts';

interface Due {
  readonly at: number;
  readonly fire: () => void;
}

export class VirtualClock implements Clock {
  /** What was waited for, milliseconds, in the order in which it was asked. */
  readonly waits: number[] = [];
  readonly #sleeps = new Set<Due>();
  readonly #deadlines = new Set<Due>();
  #now = Date.UTC(2026, 4, 1);
  #isMoving = false;

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    this.waits.push(ms);
    return new Promise((resolve, reject) => {
      const due: Due = { at: this.#now + ms, fire: resolve };
      this.#sleeps.add(due);
      const abort = (): void => {
        this.#sleeps.delete(due);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#move();
    });
  }

  deadline(ms: number, expire: () => void): () => void {
    const due: Due = { at: this.#now + ms, fire: expire };
    this.#deadlines.add(due);
    return () => this.#deadlines.delete(due);
  }

  /** Lets time pass to the next deadline: for what waits outside, such as for a server. */
  expireNext(): void {
    const next = earliest(this.#deadlines);
    if (next !== null) this.#pass(next, this.#deadlines);
  }

  /** Once whoever else wants to sleep has said so. */
  #move(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    setImmediate(() => {
      this.#isMoving = false;
      const sleep = earliest(this.#sleeps);
      if (sleep === null) return;
      const deadline = earliest(this.#deadlines);
      if (deadline !== null && deadline.at <= sleep.at) this.#pass(deadline, this.#deadlines);
      else this.#pass(sleep, this.#sleeps);
      if (this.#sleeps.size > 0) this.#move();
    });
  }

  #pass(due: Due, from: Set<Due>): void {
    from.delete(due);
    this.#now = Math.max(this.#now, due.at);
    due.fire();
  }
}

function earliest(dues: ReadonlySet<Due>): Due | null {
  return [...dues].reduce<Due | null>((first, due) => (first === null || due.at < first.at ? due : first), null);
}
