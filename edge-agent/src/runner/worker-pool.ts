/** Workers that the agent forks. One is kept ready with engine and steps loaded, so that a job starts at once. */
import type { SlotKind } from '@casare/shared/protocol';
import type { WorkerRecord } from '../outbox/index.ts';
import { ForkedWorker, type WorkerLaunch } from './forked-worker.ts';
import { killTree, startTicksOf } from './process-tree.ts';
import { removeScratch } from './scratch.ts';
import type { WorkerLog, WorkerProcess } from './worker-process.ts';

/** A new spare is started this long after one was taken, so that it does not slow the job's first step. */
export const REFILL_MS = 1_500;

/** How often is looked whether a process that cannot be killed from here has ended, milliseconds. */
const LOOK_AGAIN_MS = 500;

/** What an agent needs of its workers. */
export interface WorkerSource {
  /** Starts a spare worker. */
  warm(): void;
  /** The spare, or a new process, for a run that takes such a slot. */
  take(slot: SlotKind): WorkerProcess;
  /**
   * Ends what an earlier agent left behind of a worker and everything it started; resolves, when it is not done at once,
   * as soon as nothing of it is left.
   */
  clear(record: WorkerRecord): Promise<void> | null;
  stop(): Promise<void>;
}

/** Ends what is left of a worker that an earlier agent forked: it is of this agent's own user, and nobody else sees to it. */
export function endForked(record: WorkerRecord, log: WorkerLog): void {
  const killed = killTree(record);
  if (killed > 0) log('warn', `killed ${killed} processes that an earlier agent left behind`);
  removeScratch(record.marker);
}

export class WorkerPool implements WorkerSource {
  readonly #launch: WorkerLaunch;
  readonly #environment: NodeJS.ProcessEnv;
  #spare: ForkedWorker | null = null;
  #refill: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(launch: WorkerLaunch, environment: NodeJS.ProcessEnv) {
    this.#launch = launch;
    this.#environment = environment;
  }

  warm(): void {
    if (this.#stopped || this.#spare !== null) return;
    const spare = new ForkedWorker(this.#launch, this.#environment);
    this.#spare = spare;
    void spare.exited.then((why) => {
      if (this.#spare !== spare) return;
      this.#spare = null;
      this.#launch.log('warn', `the spare worker ended: ${why}`);
    });
  }

  take(): WorkerProcess {
    const worker = this.#spare ?? new ForkedWorker(this.#launch, this.#environment);
    this.#spare = null;
    clearTimeout(this.#refill);
    if (!this.#stopped) this.#refill = setTimeout(() => this.warm(), REFILL_MS).unref();
    return worker;
  }

  clear(record: WorkerRecord): Promise<void> | null {
    // A worker host had it, and this agent has none: a host ends its workers when their agent is gone.
    if (record.host !== undefined) return this.#ended(record);
    endForked(record, this.#launch.log);
    return null;
  }

  async #ended({ pid, startTicks }: WorkerRecord): Promise<void> {
    while (pid !== 0 && startTicksOf(pid) === startTicks && !this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS).unref());
    }
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
