/**
 * What happens to a run after its last event: its ending leaves when its files are settled, and the run is forgotten
 * when everything is acknowledged. Works from the outbox alone, so that it goes on after a restart. Waits by timers and
 * never by the wall clock, which people and time services move.
 */
import type { Outbox, RunKey } from '../outbox/index.ts';
import { endingOfRefused, mayLeave } from './ending.decision.ts';

/** An ending waits this long for its evidence, counted while the tunnel is live, milliseconds. */
export const EVIDENCE_WAIT_MS = 15_000;

export interface SettlementOptions {
  readonly outbox: Outbox;
  readonly wake: (key: RunKey) => void;
  /** The run is settled and out of the outbox. */
  readonly forgotten: (key: RunKey) => void;
}

/** An ending that waits for its evidence. */
interface Waiting {
  isOverdue: boolean;
  readonly timer: NodeJS.Timeout;
}

export class Settlement {
  readonly #options: SettlementOptions;
  readonly #waiting = new Map<string, Waiting>();
  #live = false;

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** The tunnel is live, or not: evidence has a chance only while it is. */
  connected(live: boolean): void {
    this.stop();
    this.#live = live;
    for (const run of live ? this.#options.outbox.runs() : []) this.consider(run);
  }

  /** Moves a run on as far as it can go; called after its ending, an acknowledgement, and each settled file. */
  consider(key: RunKey): void {
    const run = this.#options.outbox.run(key);
    if (run === null || run.released) this.#endWait(key);
    if (run?.released) this.#forget(key);
    else if (run?.ending) this.#release(key);
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  #release(key: RunKey): void {
    const { outbox, wake } = this.#options;
    const artifacts = outbox.artifactsOf(key);
    const refused = endingOfRefused(artifacts);
    if (refused !== null && outbox.run(key)?.ending === 'run.completed') outbox.replaceEnding(key, refused);
    const ending = outbox.run(key)?.ending;
    if (ending && mayLeave(ending, artifacts, this.#waiting.get(idOf(key))?.isOverdue === true)) {
      this.#endWait(key);
      outbox.release(key);
      wake(key);
    } else if (this.#live) this.#wait(key);
  }

  #forget(key: RunKey): void {
    const { outbox, forgotten } = this.#options;
    const run = outbox.run(key);
    if (run === null || run.ackedSeq < run.lastSeq) return;
    if (outbox.artifactsOf(key).some((artifact) => artifact.state === 'queued')) return;
    outbox.drop(key);
    forgotten(key);
  }

  /** Looks again when the evidence is overdue; a success waits on for its outputs, until each of them is settled. */
  #wait(key: RunKey): void {
    const id = idOf(key);
    if (this.#waiting.has(id)) return;
    const waiting: Waiting = {
      isOverdue: false,
      timer: setTimeout(() => {
        waiting.isOverdue = true;
        this.consider(key);
      }, EVIDENCE_WAIT_MS).unref(),
    };
    this.#waiting.set(id, waiting);
  }

  #endWait(key: RunKey): void {
    clearTimeout(this.#waiting.get(idOf(key))?.timer);
    this.#waiting.delete(idOf(key));
  }
}

function idOf({ jobId, attempt }: RunKey): string {
  return `${jobId}/${attempt}`;
}
