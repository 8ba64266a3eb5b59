/**
 * Messages of one session that must be handled one after the other, each until its database work is done.
 *
 * Invariants: order is kept; work that fails is tried again with growing pauses and, after `RETRY_MS`, given up for good
 * (the session ends and the agent sends again what was not acknowledged). While work is behind, the socket is not read:
 * TCP slows the agent down, nothing piles up here.
 */
const HIGH = 32;
const LOW = 8;
/** Bytes of waiting messages at which the socket is no longer read. */
const HIGH_BYTES = 4_194_304;
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000] as const;

export interface InboxOptions<T> {
  /** Handles one message; throws when it should be tried again. */
  readonly work: (message: T) => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Work failed for a moment. */
  readonly onRetry: (error: unknown) => void;
  /** Work failed for good; nothing more is handled. */
  readonly onFailed: (error: unknown) => void;
  /** Pauses between tries, milliseconds; about half a minute in all unless said otherwise. */
  readonly retryMs?: readonly number[];
}

export class Inbox<T> {
  readonly #options: InboxOptions<T>;
  readonly #waiting: { readonly message: T; readonly bytes: number }[] = [];
  #closed = false;
  /** Ends the pause before the next try. */
  #rouse: (() => void) | null = null;
  #working: Promise<void> | null = null;
  #paused = false;
  #bytes = 0;

  constructor(options: InboxOptions<T>) {
    this.#options = options;
  }

  /** `bytes`: what the message took on the wire. */
  push(message: T, bytes = 0): void {
    if (this.#closed) return;
    this.#waiting.push({ message, bytes });
    this.#bytes += bytes;
    if (this.#waiting.length >= HIGH || this.#bytes >= HIGH_BYTES) this.#pause();
    this.#working ??= this.#run();
  }

  /** Resolves when nothing is being handled any more; after `close`, for good. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Drops what waits; the message being handled is not tried again. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#rouse?.();
  }

  /** True while the socket is not read because of this inbox. */
  get behind(): boolean {
    return this.#paused;
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!(await this.#handle(next.message))) break;
      this.#bytes -= next.bytes;
      if (this.#paused && this.#waiting.length <= LOW && this.#bytes < HIGH_BYTES) this.#resume();
    }
    this.#working = null;
  }

  async #handle(message: T): Promise<boolean> {
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.#options.work(message);
        return true;
      } catch (error) {
        const pauseMs = (this.#options.retryMs ?? RETRY_MS)[failures];
        if (pauseMs === undefined) {
          this.close();
          this.#options.onFailed(error);
          return false;
        }
        this.#pause();
        this.#options.onRetry(error);
        await this.#sleep(pauseMs);
      }
    }
    return false;
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#options.pause();
  }

  #resume(): void {
    this.#paused = false;
    this.#options.resume();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#rouse = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#rouse = done;
    });
  }
}
