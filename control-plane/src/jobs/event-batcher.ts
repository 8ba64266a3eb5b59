/**
 * Group commit for run events: messages of many agents that arrive within a few milliseconds share one transaction.
 *
 * Invariants: a caller is answered only after the COMMIT that holds its events; two messages of one attempt never
 * share a batch out of order; one batch is under way at a time; a message that the database refuses harms no other. Bounds: `BATCH` messages a transaction, `WAITING`
 * messages in all, beyond which `add` refuses and the tunnel stops reading.
 */
import type { RunEvent } from '@casare/shared/protocol';
import { isBadValue } from '../platform/database/index.ts';
import type { Writer } from './run.store.ts';

/** One `run.events` message. */
export interface EventMessage extends Writer {
  readonly events: readonly RunEvent[];
}

/** What became of it. */
export type Recorded =
  | { readonly outcome: 'acked'; readonly seq: number }
  | { readonly outcome: 'fenced'; readonly reason: string }
  | { readonly outcome: 'broken'; readonly reason: string }
  | { readonly outcome: 'busy' };

/** Writes a batch in one transaction; the answers in the order of the messages. */
export type WriteBatch = (messages: readonly EventMessage[]) => Promise<Recorded[]>;

const BATCH = 200;
const WAITING = 10_000;
/** How long the first message of a batch waits for company, milliseconds. */
const LINGER_MS = 2;

interface Waiting {
  readonly message: EventMessage;
  readonly resolve: (recorded: Recorded) => void;
  readonly reject: (error: unknown) => void;
}

export class EventBatcher {
  readonly #write: WriteBatch;
  readonly #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;

  constructor(write: WriteBatch) {
    this.#write = write;
  }

  /** Resolves after the COMMIT; rejects when the batch could not be written, and then nothing of it is. */
  add(message: EventMessage): Promise<Recorded> {
    if (this.#waiting.length >= WAITING) return Promise.resolve({ outcome: 'busy' });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Resolves when everything added so far is answered. */
  async drain(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      const error = await this.#tryWrite(batch);
      if (error === null) continue;
      // One of them is to blame, and only it may suffer.
      if (batch.length > 1 && isBadValue(error)) for (const waiting of batch) await this.#writeAlone(waiting);
      else for (const waiting of batch) refuse(waiting, error);
    }
    // In the same turn as the last look at the list: a message added later starts a new flush.
    this.#flushing = null;
  }

  /** Writes and answers; the error when nothing was written. */
  async #tryWrite(batch: readonly Waiting[]): Promise<unknown> {
    try {
      const answers = await this.#write(batch.map((waiting) => waiting.message));
      batch.forEach((waiting, index) => waiting.resolve(answers[index]!));
      return null;
    } catch (error) {
      return error;
    }
  }

  async #writeAlone(waiting: Waiting): Promise<void> {
    const error = await this.#tryWrite([waiting]);
    if (error !== null) refuse(waiting, error);
  }

  /** The oldest messages, at most one of each attempt. */
  #takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const attempts = new Set<string>();
    for (let index = 0; index < this.#waiting.length && batch.length < BATCH;) {
      const { message } = this.#waiting[index]!;
      const key = `${message.jobId} ${message.attempt}`;
      if (attempts.has(key)) {
        index += 1;
        continue;
      }
      attempts.add(key);
      batch.push(...this.#waiting.splice(index, 1));
    }
    return batch;
  }
}

/** What the database will never take breaks the protocol; everything else may be tried again. */
function refuse(waiting: Waiting, error: unknown): void {
  if (isBadValue(error))
    waiting.resolve({ outcome: 'broken', reason: 'the events hold a value that cannot be stored' });
  else waiting.reject(error);
}
