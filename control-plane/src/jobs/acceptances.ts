/**
 * Acceptances of assignments, written late: nobody waits for them, and events that come meanwhile say the same, so that a
 * job that begins at once costs no statement for its acceptance.
 *
 * Invariants: an acceptance is written within `DELAY_MS` or superseded; one that could not be written stays, or its
 * assignment is sent again by the sweep and accepted again; whoever compares leases with what an agent holds flushes first.
 * Bound: `MOST` wait; beyond that whoever adds one waits for the write, so that its tunnel is not read.
 */
import type { AcceptedLease } from './lease.store.ts';

const DELAY_MS = 50;
const RETRY_MS = 1_000;
const MOST = 2_000;

export interface AcceptancesOptions {
  /** Writes them; rejects when it could not. */
  readonly write: (accepted: readonly AcceptedLease[]) => Promise<unknown>;
  /** They could not be written yet. */
  readonly onRetry: (error: unknown) => void;
}

export class Acceptances {
  readonly #options: AcceptancesOptions;
  readonly #waiting = new Map<string, AcceptedLease>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | null = null;

  constructor(options: AcceptancesOptions) {
    this.#options = options;
  }

  /** Resolves at once while few wait; rejects when many wait and cannot be written. */
  async add(accepted: AcceptedLease): Promise<void> {
    this.#waiting.set(keyOf(accepted), accepted);
    if (this.#waiting.size >= MOST) await this.flush();
    else this.#later(DELAY_MS);
  }

  /** Events of this attempt are about to be written, and its acceptance with them. */
  superseded(attempt: AcceptedLease): void {
    this.#waiting.delete(keyOf(attempt));
  }

  /** Resolves when everything added so far is written; rejects when it cannot be. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const batch = [...this.#waiting];
    this.#waiting.clear();
    const writing = this.#options.write(batch.map(([, accepted]) => accepted));
    const over = (): void => void (this.#writing = null);
    this.#writing = writing.then(over, over);
    try {
      await writing;
    } catch (error) {
      for (const [key, accepted] of batch) this.#waiting.set(key, accepted);
      this.#later(RETRY_MS);
      throw error;
    }
  }

  #later(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush().catch(this.#options.onRetry);
    }, delayMs);
  }
}

function keyOf({ agentId, jobId, attempt }: AcceptedLease): string {
  return `${agentId} ${jobId} ${attempt}`;
}
