/**
 * Jobs that take their time, step by small step, and when each step began as the record has it: so one sees how long a job
 * stood still, and at the end whether each step is on record once.
 */
import type { Job } from '@casare/shared/api';
import { api, createClient, followEvents, type Client } from '@casare/shared/client';
import { until } from '../support/stack.ts';
import type { Installation } from './installation.ts';

/** What was found at the end. */
export interface Ends {
  /** Jobs that did not succeed, and steps of others that are missing. */
  readonly lost: number;
  /** Steps that are on record as completed more than once. */
  readonly duplicated: number;
  /** Attempts beyond the first of each job. */
  readonly attempts: number;
}

const STEP_MS = 250;
const NAME = 'long-run';

export class LongRuns {
  readonly #client: Client;
  readonly #steps: number;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  /** When the newest step of a job began, milliseconds since the epoch. */
  readonly #began = new Map<string, number>();

  private constructor(installation: Installation, steps: number) {
    const { url, apiKey } = installation;
    this.#client = createClient({ url, apiKey });
    this.#steps = steps;
    this.#following = this.#follow(url, apiKey);
  }

  /** Jobs of `steps` idempotent steps, a quarter of a second each. */
  static async open(installation: Installation, steps: number): Promise<LongRuns> {
    const runs = new LongRuns(installation, steps);
    await runs.#client.call(api.workflows.push, { body: document(steps), mediaType: 'application/yaml' });
    return runs;
  }

  /** Submits them and returns when each has begun some steps. */
  async begin(count: number): Promise<string[]> {
    const jobs = Array.from({ length: count }, () => ({ workflow: `chaos/${NAME}`, input: {} }));
    const { ids } = await this.#client.call(api.jobs.submitBulk, { body: { jobs } });
    await until('jobs under way', 60_000, () => Promise.resolve(ids.every((id) => this.#began.has(id))));
    return ids;
  }

  /** Milliseconds from `since` (epoch) until each of the jobs has begun a step after it, on record. */
  async runAgain(jobs: readonly string[], since: number, withinMs: number): Promise<number> {
    await until('jobs that run again', withinMs, () =>
      Promise.resolve(jobs.every((id) => (this.#began.get(id) ?? 0) > since)),
    );
    return Date.now() - since;
  }

  async agentOf(job: string): Promise<string | null> {
    return (await this.#client.call(api.jobs.get, { params: { id: job } })).agent?.name ?? null;
  }

  /** Waits for the ends of the jobs and compares what is on record with what must be. */
  async finish(jobs: readonly string[]): Promise<Ends> {
    const ends = { lost: 0, duplicated: 0, attempts: 0 };
    for (const id of jobs) {
      const job = await until(`end of job ${id}`, 180_000, async () => {
        const found: Job | null = await this.#client.call(api.jobs.get, { params: { id } }).catch(() => null);
        return found?.endedAt ? found : false;
      });
      const steps = await this.#completed(id);
      const once = new Set(steps).size;
      if (job.state !== 'succeeded') ends.lost += 1;
      ends.lost += Math.max(0, this.#steps - once);
      ends.duplicated += steps.length - once;
      ends.attempts += job.attempt - 1;
    }
    return ends;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  /** Positions of calls that are on record as completed, as often as they are. */
  async #completed(id: string): Promise<string[]> {
    const positions: string[] = [];
    let cursor: string | null = null;
    do {
      const query: { limit: number; cursor?: string } = { limit: 200, ...(cursor === null ? {} : { cursor }) };
      const page = await this.#client.call(api.jobs.steps, { params: { id }, query });
      const done = page.items.filter(({ call, state }) => call !== null && state === 'completed');
      positions.push(...done.map(({ position }) => position));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return positions;
  }

  async #follow(url: string, apiKey: string): Promise<void> {
    for await (const item of followEvents({ url, apiKey, signal: this.#stop.signal })) {
      if (item.type !== 'event') continue;
      const { event } = item;
      if (event.type !== 'step.changed') continue;
      const at = Date.parse(event.step.startedAt);
      this.#began.set(event.jobId, Math.max(at, this.#began.get(event.jobId) ?? 0));
    }
  }
}

function document(steps: number): string {
  const tasks = Array.from({ length: steps }, (_, index) => [
    `  - pause${index}: { wait: { milliseconds: ${STEP_MS} } }`,
    `  - step${index}: { call: log, with: { message: step ${index} } }`,
  ]);
  const head = `document: { dsl: '1.0.3', namespace: chaos, name: ${NAME}, version: '1.0.${steps}' }`;
  return [head, 'do:', ...tasks.flat(), ''].join('\n');
}
