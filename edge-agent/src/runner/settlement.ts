/**
 * What happens to a run after its last event: its ending leaves when its files are settled, and the run is forgotten
 * when everything is acknowledged. Works from the outbox alone, so that it goes on after a restart.
 */
import type { Clock } from '../clock.ts';
import type { Outbox, RunKey } from '../outbox/index.ts';
import { endingOfRefused, mayLeave } from './ending.decision.ts';

/** An ending waits this long for its evidence, counted while the tunnel is live, milliseconds. */
export const EVIDENCE_WAIT_MS = 15_000;

export interface SettlementOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly wake: (key: RunKey) => void;
  /** The run is settled and out of the outbox. */
  readonly forgotten: (key: RunKey) => void;
}

export class Settlement {
  readonly #options: SettlementOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #liveSince: number | null = null;

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** The tunnel is live, or not: evidence has a chance only while it is. */
  connected(live: boolean): void {
    this.#liveSince = live ? this.#options.clock.now().wall : null;
    for (const run of live ? this.#options.outbox.runs() : []) this.consider(run);
  }

  /** Moves a run on as far as it can go; called after its ending, an acknowledgement, and each settled file. */
  consider(key: RunKey): void {
    const run = this.#options.outbox.run(key);
    if (run?.ending === null || run === null) return;
    if (run.released) this.#forget(key);
    else this.#release(key);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #release(key: RunKey): void {
    const { outbox, clock, wake } = this.#options;
    const artifacts = outbox.artifactsOf(key);
    const refused = endingOfRefused(artifacts);
    if (refused !== null && outbox.run(key)?.ending === 'run.completed') outbox.replaceEnding(key, refused);
    const run = outbox.run(key);
    const waited = this.#liveSince === null ? 0 : clock.now().wall - Math.max(run?.endedAt ?? 0, this.#liveSince);
    if (run?.ending && mayLeave(run.ending, artifacts, waited >= EVIDENCE_WAIT_MS)) {
      outbox.release(key);
      wake(key);
    } else if (this.#liveSince !== null && waited < EVIDENCE_WAIT_MS) {
      this.#later(key, Math.min(EVIDENCE_WAIT_MS, EVIDENCE_WAIT_MS - waited));
    }
  }

  #forget(key: RunKey): void {
    const { outbox, forgotten } = this.#options;
    const run = outbox.run(key);
    if (run === null || run.ackedSeq < run.lastSeq) return;
    if (outbox.artifactsOf(key).some((artifact) => artifact.state === 'queued')) return;
    outbox.drop(key);
    forgotten(key);
  }

  #later(key: RunKey, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.consider(key);
    }, delayMs);
    timer.unref();
    this.#timers.add(timer);
  }
}
