/**
 * Loads something again whenever it may have changed, but never twice at once and never more often than every `gapMs`.
 *
 * Invariant: after the last `ask`, a load begins; what it finds is at least as new as that ask.
 */
export class Refresher {
  readonly #load: (signal: AbortSignal) => Promise<void>;
  readonly #gapMs: number;
  readonly #stop = new AbortController();
  #busy = false;
  #again = false;

  /** `load` handles its own errors. */
  constructor(load: (signal: AbortSignal) => Promise<void>, gapMs = 300) {
    this.#load = load;
    this.#gapMs = gapMs;
  }

  /** Loads now, or once more after the load that is under way. */
  ask(): void {
    if (this.#busy) this.#again = true;
    else if (!this.#stop.signal.aborted) void this.#run();
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    this.#again = false;
    await this.#load(this.#stop.signal);
    setTimeout(() => {
      this.#busy = false;
      if (this.#again) this.ask();
    }, this.#gapMs);
  }
}
