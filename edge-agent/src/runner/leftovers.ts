/**
 * Workers that an earlier agent left behind. What can be ended at once is; what only a worker host can end is waited for,
 * and until then the job that it belongs to is given to no other worker.
 */
import type { Outbox, RunKey, WorkerRecord } from '../outbox/index.ts';
import type { WorkerSource } from './worker-pool.ts';

export class Leftovers {
  readonly #outbox: Outbox;
  readonly #pool: Pick<WorkerSource, 'clear'>;
  /** By job: an older attempt's worker keeps a newer one waiting too. */
  readonly #waiting = new Map<string, Promise<void>>();

  constructor(outbox: Outbox, pool: Pick<WorkerSource, 'clear'>) {
    this.#outbox = outbox;
    this.#pool = pool;
  }

  /** Ends what is left of a run's worker; the record of it is kept as long as something may be. */
  clear(run: RunKey, worker: WorkerRecord): void {
    const cleared = this.#pool.clear(worker);
    if (cleared === null) {
      this.#outbox.recordWorker(run, null);
      return;
    }
    const all = Promise.all([this.of(run.jobId), cleared.then(() => this.#forget(run))]).then(() => {
      if (this.#waiting.get(run.jobId) === all) this.#waiting.delete(run.jobId);
    });
    this.#waiting.set(run.jobId, all);
  }

  /** What a job waits for; null when nothing is left of any worker it had. */
  of(jobId: string): Promise<void> | null {
    return this.#waiting.get(jobId) ?? null;
  }

  #forget(run: RunKey): void {
    if (this.#outbox.run(run) !== null) this.#outbox.recordWorker(run, null);
  }
}
