/**
 * Group commit for run events: messages of many agents that come while others are being written share the next
 * transaction. Alone, a message waits for nobody but those of its own turn of the event loop.
 *
 * Invariants: a caller is answered only after the COMMIT that holds its events; messages of one attempt are written one
 * after the other, in order; a message that the database refuses harms no other. Bounds: `BATCH` messages a transaction,
 * `BATCHES` transactions at once, `WAITING` messages in all, beyond which `add` refuses and the tunnel stops reading.
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

const BATCH = 500;
const BATCHES = 2;
const WAITING = 10_000;

interface Waiting {
  readonly message: EventMessage;
  readonly resolve: (recorded: Recorded) => void;
  readonly reject: (error: unknown) => void;
}

export class EventBatcher {
  readonly #write: WriteBatch;
  #waiting: Waiting[] = [];
  /** Attempts whose messages are being written. */
  readonly #writing = new Set<string>();
  #batches = 0;
  #soon = false;
  /** Told when nothing waits and nothing is written. */
  #idle: (() => void)[] = [];

  constructor(write: WriteBatch) {
    this.#write = write;
  }

  /** Resolves after the COMMIT; rejects when the batch could not be written, and then nothing of it is. */
  add(message: EventMessage): Promise<Recorded> {
    if (this.#waiting.length >= WAITING) return Promise.resolve({ outcome: 'busy' });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject });
      this.#look();
    });
  }

  /** Resolves when everything added so far is answered. */
  drain(): Promise<void> {
    if (this.#batches === 0 && this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #look(): void {
    if (this.#soon || this.#batches >= BATCHES || this.#waiting.length === 0) return;
    this.#soon = true;
    setImmediate(() => {
      this.#soon = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#takeBatch();
    // Whoever waits for an attempt that is being written is looked for when that is over.
    if (batch.length === 0) return;
    this.#batches += 1;
    this.#look();
    const error = await this.#tryWrite(batch);
    // One of them is to blame, and only it may suffer.
    if (error !== null && batch.length > 1 && isBadValue(error)) {
      for (const waiting of batch) await this.#writeAlone(waiting);
    } else if (error !== null) for (const waiting of batch) refuse(waiting, error);
    for (const { message } of batch) this.#writing.delete(keyOf(message));
    this.#batches -= 1;
    this.#look();
    if (this.#batches > 0 || this.#waiting.length > 0) return;
    for (const idle of this.#idle.splice(0)) idle();
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

  /** The oldest messages, at most one of each attempt and none of an attempt that is being written. */
  #takeBatch(): Waiting[] {
    const [batch, left] = [[] as Waiting[], [] as Waiting[]];
    for (const waiting of this.#waiting) {
      const key = keyOf(waiting.message);
      if (batch.length < BATCH && !this.#writing.has(key)) {
        this.#writing.add(key);
        batch.push(waiting);
      } else left.push(waiting);
    }
    this.#waiting = left;
    return batch;
  }
}

function keyOf({ jobId, attempt }: EventMessage): string {
  return `${jobId} ${attempt}`;
}

/** What the database will never take breaks the protocol; everything else may be tried again. */
function refuse(waiting: Waiting, error: unknown): void {
  if (isBadValue(error))
    waiting.resolve({ outcome: 'broken', reason: 'the events hold a value that cannot be stored' });
  else waiting.reject(error);
}
