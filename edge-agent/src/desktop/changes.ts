/**
 * Signs that something on a desktop may have changed, for whoever waits. A sign is never the truth: programs change without
 * one, and give many for nothing. So whoever waits looks again at every sign, and after a while without any.
 */

export interface Changes {
  /** Grows with each sign. */
  readonly count: number;
  /** Whether signs come at all; while they do not, only looking again helps. */
  readonly isHeard: boolean;
  /** Resolves when the count is another than `since`, after so long, or when the signal aborts. Never rejects. */
  next(since: number, ms: number, signal: AbortSignal): Promise<void>;
}

export class ChangeSigns implements Changes {
  readonly #waiting = new Set<() => void>();
  #count = 0;
  #isHeard = false;

  get count(): number {
    return this.#count;
  }

  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Something may have changed. */
  sign(): void {
    this.#count += 1;
    this.#isHeard = true;
    for (const wake of this.#waiting) wake();
  }

  /** Nothing is heard any more, until there is another sign. */
  silent(): void {
    this.#isHeard = false;
  }

  async next(since: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== since || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#waiting.add(resolve);
    const stop = (): void => resolve();
    signal.addEventListener('abort', stop);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(resolve);
      signal.removeEventListener('abort', stop);
    }
  }
}
