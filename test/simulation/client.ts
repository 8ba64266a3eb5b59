/** People and programs: they submit with keys and repeat what was not answered, cancel, pause, retry, and settle reviews. */
import type { JobRequest } from '@casare/shared/api';
import { TENANT, type Replica, type Setting } from './setting.ts';

const BY = { tenant: TENANT, actor: 'key:sim' };
/** A call that is not answered within this is repeated elsewhere, milliseconds. */
const PATIENCE_MS = 20_000;

export class Client {
  readonly #world: Setting;
  readonly #workflows: readonly string[];
  #unanswered = 0;

  constructor(world: Setting, workflows: readonly string[]) {
    this.#world = world;
    this.#workflows = workflows;
  }

  /** Requests that nobody has answered yet. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Submits `jobs` jobs within `withinMs`, and steers some of them. */
  start(jobs: number, withinMs: number): void {
    const { chance, time } = this.#world;
    for (let left = jobs, call = 1; left > 0; call++) {
      const count = Math.min(left, chance.hits(0.2) ? chance.whole(2, 6) : 1);
      left -= count;
      const requests = Array.from({ length: count }, () => this.#request());
      this.#unanswered += 1;
      time.after(chance.between(0, withinMs), () => void this.#submit(`key ${call}`, requests));
    }
    time.after(chance.between(1_000, 5_000), () => void this.#steer(withinMs * 2));
    if (chance.hits(0.5)) void this.#attend(withinMs * 2);
  }

  /** Settles one job that waits for a person. */
  async review(jobId: string): Promise<void> {
    const { chance } = this.#world;
    const decision = chance.pick(['continue', 'retry', 'succeed', 'fail'] as const);
    this.#world.history.note(`person reviews ${jobId}: ${decision}`);
    await this.#ask((gateway) => gateway.jobs.steer.review(BY, jobId, { decision, reason: 'looked' }));
  }

  /** Takes back a pause that somebody forgot. */
  async resume(jobId: string): Promise<void> {
    this.#world.history.note(`person resumes ${jobId}`);
    await this.#ask((gateway) => gateway.jobs.steer.resume(BY, jobId));
  }

  #request(): JobRequest {
    const { chance, time } = this.#world;
    const at = (ms: number): string => new Date(time.wall() + time.now + ms).toISOString();
    return {
      workflow: chance.pick(this.#workflows),
      requires: [],
      priority: chance.whole(0, 100),
      maxAttempts: chance.whole(2, 5),
      ...(chance.hits(0.1) ? { notBefore: at(chance.between(0, 60_000)) } : {}),
      ...(chance.hits(0.1) ? { deadline: at(chance.between(5_000, 300_000)) } : {}),
      ...(chance.hits(0.25) ? { attemptTimeoutMs: chance.whole(4_000, 60_000) } : {}),
      ...(chance.hits(0.05) ? { timeoutMs: chance.whole(20_000, 200_000) } : {}),
      ...(chance.hits(0.2) ? { concurrencyKey: chance.pick(['erp', 'mail']) } : {}),
      ...(chance.hits(0.3) ? { retry: { attempts: chance.whole(2, 4), backoffMs: chance.whole(100, 5_000) } } : {}),
    };
  }

  async #submit(key: string, requests: readonly JobRequest[]): Promise<void> {
    // Somebody impatient asks twice at once, somebody forgetful once more later.
    const [isImpatient, isForgetful] = [this.#world.chance.hits(0.15), this.#world.chance.hits(0.1)];
    await Promise.all(Array.from({ length: isImpatient ? 2 : 1 }, () => this.#submitOnce(key, requests)));
    if (isForgetful) await this.#submitOnce(key, requests);
    this.#unanswered -= 1;
  }

  async #submitOnce(key: string, requests: readonly JobRequest[]): Promise<void> {
    const ids = await this.#ask((gateway) => gateway.jobs.submit.submit(BY, requests, key), Infinity);
    if (!Array.isArray(ids)) throw new Error(`${key} was refused: ${JSON.stringify(ids)}`);
    this.#world.history.submitted(key, ids);
  }

  async #steer(untilMs: number): Promise<void> {
    const { chance, time, server, history } = this.#world;
    while (time.now < untilMs) {
      await time.sleep(chance.between(500, 15_000));
      const jobs = server.tables.job.all();
      if (jobs.length === 0) continue;
      const { id, state } = chance.pick(jobs);
      const isOver = ['failed', 'cancelled', 'timed_out'].includes(state);
      if (state === 'needs_review') await this.review(id);
      else if (isOver && chance.hits(0.3)) {
        history.note(`person retries ${id}`);
        await this.#ask((gateway) => gateway.jobs.steer.retry(BY, id));
      } else if (!isOver && chance.hits(0.5)) await this.#pauseOrResume(id, state === 'paused');
      else if (!isOver && chance.hits(0.4)) {
        history.note(`person cancels ${id}`);
        if ((await this.#ask((gateway) => gateway.jobs.steer.cancel(BY, id))) === null) history.cancelled(id);
      }
    }
  }

  /** One that is paused goes on, sooner or later; others are paused, also twice and just before it is taken back. */
  async #pauseOrResume(id: string, isPaused: boolean): Promise<void> {
    const { chance, history } = this.#world;
    if (isPaused && chance.hits(0.7)) return this.resume(id);
    history.note(`person pauses ${id}`);
    await this.#ask((gateway) => gateway.jobs.steer.pause(BY, id));
    if (chance.hits(0.3)) await this.resume(id);
  }

  /** Somebody who settles at once whatever waits for a person. */
  async #attend(untilMs: number): Promise<void> {
    const { chance, time, server } = this.#world;
    while (time.now < untilMs) {
      await time.sleep(chance.between(200, 2_000));
      for (const { id, state } of server.tables.job.all()) if (state === 'needs_review') await this.review(id);
    }
  }

  /** Asks some gateway, and another one when there is no answer; undefined after `tries`. */
  async #ask<T>(call: (gateway: Replica) => Promise<T>, tries = 2): Promise<T | undefined> {
    const { time, chance } = this.#world;
    for (let tried = 0; tried < tries; tried++) {
      const gateway = this.#world.someGateway();
      if (gateway !== null) {
        const answer = call(gateway).then(
          (value) => ({ value }),
          () => null,
        );
        const answered = await Promise.race([answer, time.sleep(PATIENCE_MS).then(() => null)]);
        if (answered !== null) return answered.value;
      }
      await time.sleep(chance.between(100, 2_000));
    }
    return undefined;
  }
}
