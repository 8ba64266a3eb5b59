/** What of the queue is measured. A scrape asks the database nothing: it works while it is away. */
import type { Histogram } from 'prom-client';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { timeOf } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import type { Metrics } from '../platform/metrics.ts';
import { countReady } from './backlog.store.ts';
import type { AttemptKey } from './lease.store.ts';

export interface JobMetricsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How often the queue is counted, milliseconds. */
  readonly intervalMs: number;
  /** Slots of the agents whose tunnels are here, and how many of them have a job. */
  readonly occupancy: () => { readonly taken: number; readonly slots: number };
}

/** A tenth of a second to an hour. */
const WAITS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

export class JobMetrics {
  readonly #options: JobMetricsOptions;
  readonly #wait: Histogram;
  #depth = 0;
  #loop: Loop | null = null;

  constructor(options: JobMetricsOptions) {
    this.#options = options;
    const { metrics } = options;
    metrics.gauge(
      'casare_queue_depth',
      'Jobs of all tenants that an agent may take now, as of the last 15 seconds; counted up to 100,000.',
      [],
      (gauge) => gauge.set(this.#depth),
    );
    this.#wait = metrics.histogram(
      'casare_job_wait_seconds',
      'From the submit of a job to its first lease, of jobs that this replica leased.',
      [],
      WAITS,
    );
    metrics.gauge(
      'casare_robot_utilization',
      'Part of the slots of the agents connected to this replica that have a job: 0 to 1; 0 without any.',
      [],
      (gauge) => {
        const { taken, slots } = options.occupancy();
        gauge.set(slots === 0 ? 0 : taken / slots);
      },
    );
  }

  /** Jobs got their leases: of first attempts it counts how long they waited. */
  leased(jobs: readonly Pick<AttemptKey, 'jobId' | 'attempt'>[]): void {
    const now = this.#options.clock.now().getTime();
    for (const { jobId, attempt } of jobs) {
      if (attempt === 1) this.#wait.observe(Math.max(0, now - timeOf(jobId)) / 1_000);
    }
  }

  start(): void {
    const { db, intervalMs, log } = this.#options;
    const run = async (): Promise<void> => {
      this.#depth = await countReady(db);
    };
    this.#loop = startLoop({ name: 'jobs.metrics', intervalMs, log, run });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }
}
