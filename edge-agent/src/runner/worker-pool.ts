/** One worker is kept ready with engine and steps loaded, so that a job starts at once. */
import { WorkerProcess, type WorkerLaunch } from './worker-process.ts';

/** A new spare is started this long after one was taken, so that it does not slow the job's first step. */
const REFILL_MS = 1_500;

/** What an agent needs of its workers. */
export type WorkerSource = Pick<WorkerPool, 'warm' | 'take' | 'stop'>;

export class WorkerPool {
  readonly #launch: WorkerLaunch;
  readonly #environment: NodeJS.ProcessEnv;
  #spare: WorkerProcess | null = null;
  #refill: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(launch: WorkerLaunch, environment: NodeJS.ProcessEnv) {
    this.#launch = launch;
    this.#environment = environment;
  }

  /** Starts the spare worker. */
  warm(): void {
    if (this.#stopped || this.#spare !== null) return;
    const spare = new WorkerProcess(this.#launch, this.#environment);
    this.#spare = spare;
    void spare.exited.then((why) => {
      if (this.#spare !== spare) return;
      this.#spare = null;
      this.#launch.log('warn', `the spare worker ended: ${why}`);
    });
  }

  /** The spare, or a new process. */
  take(): WorkerProcess {
    const worker = this.#spare ?? new WorkerProcess(this.#launch, this.#environment);
    this.#spare = null;
    clearTimeout(this.#refill);
    if (!this.#stopped) this.#refill = setTimeout(() => this.warm(), REFILL_MS).unref();
    return worker;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#refill);
    const spare = this.#spare;
    this.#spare = null;
    spare?.kill();
    await spare?.exited;
  }
}
