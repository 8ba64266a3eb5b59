/**
 * The clients of a chaos run. They use the REST API through a relay that both control planes stand behind, ask again when no
 * answer comes, and write down what they were told.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, JobState } from '@casare/shared/api';
import {
  api,
  ApiError,
  createClient,
  followEvents,
  type CallOptions,
  type Operation,
  type OperationId,
  type Rest,
  type ResultOf,
} from '@casare/shared/client';
import type { Chance } from '../simulation/world/random.ts';
import type { Decision, History, Shown } from './history.ts';
import type { Installation } from './installation.ts';
import { KINDS } from './workflows.ts';

/** One answer, milliseconds; then the question is asked again. */
const ANSWER_MS = 10_000;
const AGAIN_MS = 300;
const EACH = 25;
const PAGE = 200;
const READ_PACE_MS = 50;
const REVIEW_PACE_MS = 500;
const PAUSE_PACE_MS = 400;

export interface ClientsOptions {
  readonly installation: Installation;
  readonly history: History;
  readonly chance: Chance;
  /** How often a key acted outside. */
  readonly acts: ReadonlyMap<string, number>;
}

export class Clients {
  readonly #options: ClientsOptions;
  /** Ids of acknowledged jobs, and their keys. */
  readonly jobs = new Map<string, string>();
  /** Jobs that an answer or event has shown to be over. */
  readonly over = new Set<string>();
  /** Jobs whose act is a line of their log. */
  readonly #logging: string[] = [];
  /** Of those that follow live events: how often a connection broke. */
  breaks = 0;
  /** Pauses that were taken. */
  paused = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /** Submits `count` jobs, spread over `overMs`. */
  async submit(count: number, overMs: number): Promise<void> {
    const { history, chance } = this.#options;
    const startedAt = performance.now();
    for (let from = 0; from < count; from += EACH) {
      const ahead = (from / count) * overMs - (performance.now() - startedAt);
      if (ahead > 0) await pause(ahead);
      const batch = Array.from({ length: Math.min(EACH, count - from) }, (_, index) => {
        let left = chance.next() * KINDS.reduce((sum, { share }) => sum + share, 0);
        return { key: `k${from + index}`, kind: KINDS.find(({ share }) => (left -= share) < 0)! };
      });
      const body = { jobs: batch.map(({ key, kind }) => ({ workflow: kind.workflow, input: { key } })) };
      const { ids } = await this.#ask(api.jobs.submitBulk, { body, idempotencyKey: `chaos-${from}` });
      for (const [index, job] of ids.entries()) {
        const { key, kind } = batch[index]!;
        history.add({ type: 'submitted', key, job, acts: kind.acts });
        this.jobs.set(job, key);
        if (kind.acts === 'log') this.#logging.push(job);
      }
    }
  }

  /** Reads jobs that are not over, one after the other by chance, until told to stop. */
  async read(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const open = [...this.jobs.keys()].filter((job) => !this.over.has(job));
      // Now and then one that is over: it must stay so.
      const from = open.length === 0 || this.#options.chance.hits(0.2) ? [...this.over] : open;
      if (from.length > 0) await this.#look(this.#options.chance.pick(from), signal).catch(() => undefined);
      await pause(READ_PACE_MS);
    }
  }

  /** Follows the live events of all jobs until told to stop. */
  async follow(signal: AbortSignal): Promise<void> {
    const { installation, history } = this.#options;
    const { url, apiKey } = installation;
    for await (const item of followEvents({ url, apiKey, signal, onBreak: () => void (this.breaks += 1) })) {
      if (item.type !== 'event') continue;
      const { event } = item;
      if (event.type === 'job.changed') {
        history.add({ type: 'told', job: event.jobId, state: event.state, attempt: event.attempt });
        this.#note(event.jobId, event.state);
      }
    }
  }

  /** The person: settles what waits for one, by what the outside world saw. */
  async review(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { items } = await this.#ask(api.jobs.list, { query: { state: 'needs_review', limit: PAGE } }, signal).catch(
        () => ({ items: [] as Job[] }),
      );
      for (const job of items) await this.#settle(job.id, signal);
      await pause(REVIEW_PACE_MS);
    }
  }

  /** Somebody who pauses jobs by chance, and takes back every pause that there is a moment later. */
  async pauses(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const open = [...this.jobs.keys()].filter((job) => !this.over.has(job));
      const { items } = await this.#ask(api.jobs.list, { query: { state: 'paused', limit: PAGE } }, signal).catch(
        () => ({ items: [] as Job[] }),
      );
      // One that stands still only after it was looked at is found the next time.
      for (const { id } of items) await this.#ask(api.jobs.resume, { params: { id } }, signal).catch(() => undefined);
      // Of the last ones none would ever be let go for long enough.
      if (open.length > EACH) {
        const id = this.#options.chance.pick(open);
        if ((await this.#once(api.jobs.pause, { params: { id } })) === true) this.paused += 1;
      }
      await pause(PAUSE_PACE_MS);
    }
  }

  /** How many acknowledged jobs are not over, by the list of each state. */
  async open(): Promise<number> {
    const counts = await Promise.all(
      (['pending', 'leased', 'running', 'paused', 'cancelling', 'needs_review'] as const).map(async (state) => {
        const { items } = await this.#ask(api.jobs.list, { query: { state, limit: PAGE } });
        return items.length;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * At the end: every job as the list has it, repeated steps of those that did not go straight through, and what is in the
   * logs of those that act there.
   */
  async finish(): Promise<Shown[]> {
    const { history } = this.#options;
    const all: Shown[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
      const page = await this.#ask(api.jobs.list, { query });
      for (const job of page.items) {
        const key = (job.input as { key: string }).key;
        all.push(shown(job));
        history.add({ type: 'final', key, ...shown(job) });
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    for (const job of all) if (job.attempt > 1) await this.#stepsOf(job);
    for (const job of this.#logging) await this.#actsInLog(job);
    return all;
  }

  async #look(id: string, signal?: AbortSignal): Promise<Job> {
    const asked = this.#options.history.now();
    const job = await this.#ask(api.jobs.get, { params: { id } }, signal);
    this.#options.history.add({ type: 'answered', asked, ...shown(job) });
    this.#note(id, job.state);
    return job;
  }

  async #settle(id: string, signal: AbortSignal): Promise<void> {
    const { history, acts, chance } = this.#options;
    const job = await this.#look(id, signal).catch(() => null);
    if (job?.state !== 'needs_review') return;
    const reason = job.review?.reason ?? '';
    history.add({ type: 'evidence', job: id, reason, attempt: job.review?.evidence?.attempt ?? null });
    const acted = (acts.get(this.jobs.get(id) ?? '') ?? 0) > 0;
    const decision: Decision = acted && chance.hits(0.9) ? 'succeed' : 'retry';
    const body = {
      decision,
      reason: acted ? 'it was done' : 'it was not done',
      ...(acted ? { output: 'by a person' } : {}),
    };
    const taken = await this.#once(api.jobs.review, { params: { id }, body });
    history.add({ type: 'reviewed', job: id, decision, taken });
  }

  /** Calls by position and generation of attempts: none may be completed twice. Control flow is computed again. */
  async #stepsOf({ job, attempt }: Shown): Promise<void> {
    const { items: attempts } = await this.#ask(api.jobs.attempts, { params: { id: job }, query: { limit: PAGE } });
    const generations = new Map(attempts.map((each) => [each.attempt, each.generation]));
    const { items } = await this.#ask(api.jobs.steps, { params: { id: job }, query: { limit: PAGE } });
    const times = new Map<string, number>();
    for (const step of items) {
      const key = `${generations.get(step.attempt) ?? attempt} ${step.position}`;
      if (step.call !== null && step.state === 'completed') times.set(key, (times.get(key) ?? 0) + 1);
    }
    for (const [position, count] of times) {
      if (count > 1) this.#options.history.add({ type: 'repeated', job, position, times: count });
    }
  }

  async #actsInLog(job: string): Promise<void> {
    const { items } = await this.#ask(api.jobs.logs, { params: { id: job }, query: { limit: PAGE } });
    const key = this.jobs.get(job)!;
    for (const { message } of items) if (message === key) this.#options.history.add({ type: 'acted', key });
  }

  #note(job: string, state: JobState): void {
    if (['succeeded', 'failed', 'timed_out', 'cancelled'].includes(state)) this.over.add(job);
    else this.over.delete(job);
  }

  /** Asks until there is an answer. @throws ApiError when the answer is that asking was wrong */
  async #ask<Id extends OperationId>(
    operation: Operation<Id>,
    options: CallOptions<Id>,
    signal?: AbortSignal,
  ): Promise<ResultOf<Id>> {
    const { url, apiKey } = this.#options.installation;
    for (;;) {
      try {
        const client = createClient({ url, apiKey });
        const rest = [{ ...options, signal: AbortSignal.timeout(ANSWER_MS) }] as Rest<Id>;
        return await client.call(operation, ...rest);
      } catch (error) {
        if (signal?.aborted || wasWrong(error)) throw error;
        await pause(AGAIN_MS);
      }
    }
  }

  /** Asks once: true when it was done, false when it was refused, null when nobody knows. */
  async #once<Id extends OperationId>(operation: Operation<Id>, options: CallOptions<Id>): Promise<boolean | null> {
    const { url, apiKey } = this.#options.installation;
    try {
      const rest = [{ ...options, signal: AbortSignal.timeout(ANSWER_MS) }] as Rest<Id>;
      await createClient({ url, apiKey }).call(operation, ...rest);
      return true;
    } catch (error) {
      return wasWrong(error) ? false : null;
    }
  }
}

function shown({ id, state, generation, attempt, output }: Job): Shown {
  return { job: id, state, generation, attempt, output: JSON.stringify(output) };
}

/** Asking again gives the same answer. */
function wasWrong(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const { status } = error.problem;
  return status >= 400 && status < 500 && status !== 429;
}
