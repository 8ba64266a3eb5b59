/**
 * Messages of one session that need the database, each handled until its work is done.
 *
 * Invariants: messages of one lane (a job's) are handled one after the other, in order; those of different lanes do not
 * wait for each other; a message without a lane is handled alone, after all that came before it and before all that came
 * after. Work that fails is tried again with growing pauses, during which nothing new is begun, and after `RETRY_MS` given
 * up for good (the session ends and the agent sends again what was not acknowledged). While work is behind, the socket is
 * not read: TCP slows the agent down, nothing piles up here.
 */
const HIGH = 32;
const LOW = 8;
/** Bytes of messages here at which the socket is no longer read. */
const HIGH_BYTES = 4_194_304;
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000] as const;

/** What an inbox does for its owner; one for all inboxes of a kind, because there are thousands. */
export interface InboxHandling<Owner, T> {
  /** Handles one message; throws when it should be tried again. */
  readonly work: (owner: Owner, message: T) => Promise<void>;
  /** Messages that must stay in order among themselves; null for one that is handled alone. */
  readonly laneOf: (message: T) => string | null;
  readonly pause: (owner: Owner) => void;
  readonly resume: (owner: Owner) => void;
  /** Work failed for a moment; told of the first of what fails meanwhile. */
  readonly onRetry: (owner: Owner, error: unknown) => void;
  /** Work failed for good; nothing more is handled. */
  readonly onFailed: (owner: Owner, error: unknown) => void;
  /** Pauses between tries, milliseconds; about half a minute in all unless said otherwise. */
  readonly retryMs?: readonly number[];
}

interface Held<T> {
  readonly message: T;
  readonly bytes: number;
  readonly lane: string | null;
}

export class Inbox<Owner, T> {
  readonly #owner: Owner;
  readonly #handling: InboxHandling<Owner, T>;
  readonly #waiting: Held<T>[] = [];
  /** Lanes whose message is being handled; made for the first, most sessions say nothing for hours. */
  #lanes: Set<string> | null = null;
  /** Messages that are being handled. */
  #working = 0;
  /** One of them has no lane. */
  #alone = false;
  /** Of them, those that failed and are tried again; each ends its pause when called. */
  #failing: Set<() => void> | null = null;
  #closed = false;
  #paused = false;
  #bytes = 0;
  #settled: PromiseWithResolvers<void> | null = null;

  constructor(owner: Owner, handling: InboxHandling<Owner, T>) {
    this.#owner = owner;
    this.#handling = handling;
  }

  /** `bytes`: what the message took on the wire. */
  push(message: T, bytes = 0): void {
    if (this.#closed) return;
    this.#waiting.push({ message, bytes, lane: this.#handling.laneOf(message) });
    this.#bytes += bytes;
    this.#begin();
    if (this.#waiting.length + this.#working >= HIGH || this.#bytes >= HIGH_BYTES) this.#pause();
  }

  /** Resolves when nothing is being handled any more; after `close`, for good. */
  async settled(): Promise<void> {
    if (this.#working === 0) return;
    this.#settled ??= Promise.withResolvers();
    await this.#settled.promise;
  }

  /** Drops what waits; the messages being handled are not tried again. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    for (const rouse of this.#failing ?? []) rouse();
  }

  /** True while the socket is not read because of this inbox. */
  get behind(): boolean {
    return this.#paused;
  }

  /** Begins what may begin, the oldest first. */
  #begin(): void {
    for (let at = 0; at < this.#waiting.length && this.#working < HIGH && !this.#alone && !this.#failing;) {
      const held = this.#waiting[at]!;
      if (held.lane === null && (at > 0 || this.#working > 0)) return;
      // The later ones of a lane stay behind this one: it is under way for all of them.
      if (held.lane !== null && this.#lanes?.has(held.lane)) at += 1;
      else {
        this.#waiting.splice(at, 1);
        void this.#run(held);
      }
    }
  }

  async #run({ message, bytes, lane }: Held<T>): Promise<void> {
    this.#working += 1;
    if (lane === null) this.#alone = true;
    else (this.#lanes ??= new Set()).add(lane);
    await this.#handle(message);
    this.#working -= 1;
    this.#bytes -= bytes;
    if (lane === null) this.#alone = false;
    else this.#lanes!.delete(lane);
    this.#begin();
    const held = this.#waiting.length + this.#working;
    if (this.#paused && !this.#failing && !this.#closed && held <= LOW && this.#bytes < HIGH_BYTES) this.#resume();
    if (this.#working > 0) return;
    this.#lanes = null;
    this.#settled?.resolve();
    this.#settled = null;
  }

  async #handle(message: T): Promise<void> {
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.#handling.work(this.#owner, message);
        return;
      } catch (error) {
        if (this.#isClosed()) return;
        const pauseMs = (this.#handling.retryMs ?? RETRY_MS)[failures];
        if (pauseMs === undefined) {
          this.close();
          this.#handling.onFailed(this.#owner, error);
          return;
        }
        this.#pause();
        if (!this.#failing) this.#handling.onRetry(this.#owner, error);
        await this.#sleep(pauseMs);
      }
    }
  }

  /** Asked anew after each await. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#handling.pause(this.#owner);
  }

  #resume(): void {
    this.#paused = false;
    this.#handling.resume(this.#owner);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#failing?.delete(done);
        if (this.#failing?.size === 0) this.#failing = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      (this.#failing ??= new Set()).add(done);
    });
  }
}
