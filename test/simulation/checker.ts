/**
 * The history of one run and the invariants it must keep (docs/architecture.md): what clients and agents were told, what
 * steps did to the outside world, and every state that was committed. The first violation of each kind ends the seed.
 *
 * 1. What was acknowledged is not lost. 2. One attempt writes at a time. 3. A step that must not be repeated acts once in a
 * generation, unless a person says so in between, and never after another attempt was leased. 10. Nothing is left behind. Beside them: each generation ends
 * exactly once, a pending job has exactly one place to wait, a concurrency key has one holder, nothing is stuck, no step
 * starts while a run is paused, and what a person holds back is leased by nobody.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { JobState } from '@casare/shared/api';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { LeaseWatch, type LeaseWatchOptions } from './lease-watch.ts';
import { TENANT } from './setting.ts';
import type { JobRow, Tables } from './memory/rows.ts';

const OVER: ReadonlySet<JobState> = new Set(['succeeded', 'failed', 'timed_out', 'cancelled']);
/** States in which an attempt may be under way. */
const UNDER_WAY: ReadonlySet<JobState> = new Set(['leased', 'running', 'cancelling']);
/** States in which there may be one, and need not. */
const MAY_HAVE_LEASE: ReadonlySet<JobState> = new Set(['needs_review', 'paused']);
/** Lines of history kept for a report. */
const KEPT = 400;

interface Seen {
  readonly state: JobState;
  readonly generation: number;
  readonly attempt: number;
  /** Times that each generation ended. */
  readonly ends: Map<number, number>;
}

export interface HistoryOptions {
  readonly tables: Tables;
  readonly now: () => number;
  readonly unsafeOf: LeaseWatchOptions['unsafeOf'];
  readonly underWay: LeaseWatchOptions['underWay'];
}

export class History {
  readonly violations: string[] = [];
  /** For a report: the last lines. */
  readonly lines: string[] = [];
  readonly #options: HistoryOptions;
  readonly #hash = createHash('sha256');
  readonly #jobs = new Map<string, Seen>();
  /** Committed events, by `job attempt seq`. */
  readonly #events = new Map<string, RunEventBody>();
  /** Reviews of each job that said `continue`: whoever says so answers for what nobody has recorded by then. */
  readonly #words = new Map<string, number>();
  /** Acts of steps that must not be repeated, by `job generation word position`. */
  readonly #acts = new Map<string, number>();
  /** Jobs under way, by concurrency key. */
  readonly #underWay = new Map<string, Set<string>>();
  /** Jobs that clients were told of, by idempotency key. */
  readonly #submitted = new Map<string, readonly string[]>();
  /** Jobs whose cancel was acknowledged, with the generation that it was for. */
  readonly #cancelled = new Map<string, number>();
  /** Attempts whose record says that they are paused, as `job attempt`. */
  readonly #paused = new Set<string>();
  readonly leases: LeaseWatch;
  #entries = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.leases = new LeaseWatch({ ...options, violated: (what) => this.violated(what) });
  }

  /** Of everything that happened: equal for equal runs. */
  get digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  get counts(): { readonly jobs: number; readonly events: number; readonly acts: number; readonly entries: number } {
    const acts = [...this.#acts.values()].reduce((sum, count) => sum + count, 0);
    return { jobs: this.#jobs.size, events: this.#events.size, acts, entries: this.#entries };
  }

  note(what: string): void {
    const line = `${this.#options.now().toFixed(1).padStart(10)} ${what}`;
    this.#entries += 1;
    this.#hash.update(line);
    this.lines.push(line);
    if (this.lines.length > KEPT) this.lines.shift();
  }

  violated(what: string): void {
    this.note(`VIOLATED ${what}`);
    if (this.violations.length < 20) this.violations.push(what);
  }

  /** A client was told that its jobs are in. */
  submitted(key: string, ids: readonly string[]): void {
    this.note(`client told: ${key} is ${ids.join(' ')}`);
    const before = this.#submitted.get(key);
    if (before && before.join() !== ids.join()) this.violated(`1: ${key} was answered with other jobs than before`);
    this.#submitted.set(key, ids);
    for (const id of ids) if (!this.#jobs.has(id)) this.violated(`1: job ${id} was acknowledged and is not on record`);
  }

  /** An agent is told, or is to be told, that its events up to `seq` are committed. `journal`: what it has recorded itself. */
  acknowledged(jobId: string, attempt: number, seq: number, journal: readonly RunEvent[]): void {
    for (const event of journal) {
      if (event.seq > seq) break;
      const kept = this.#events.get(`${jobId} ${attempt} ${event.seq}`);
      if (kept === undefined)
        this.violated(`1: event ${event.seq} of ${jobId}/${attempt} was acknowledged and is lost`);
      else if (!isDeepStrictEqual(kept, event.body))
        this.violated(`1: event ${event.seq} of ${jobId}/${attempt} changed`);
    }
  }

  /** A client was told that its job is being cancelled, or is over. */
  cancelled(jobId: string): void {
    this.note(`client told: ${jobId} is being cancelled`);
    const generation = this.#jobs.get(jobId)?.generation;
    if (generation !== undefined) this.#cancelled.set(jobId, generation);
  }

  /** A step acts on the outside world. */
  acts(
    run: { jobId: string; attempt: number; generation: number; agentId: string },
    position: string,
    isUnsafe: boolean,
  ): void {
    const { jobId, attempt, generation, agentId } = run;
    this.note(`act ${jobId}/${attempt} ${position} ${isUnsafe ? 'unsafe ' : ''}on ${agentId}`);
    if (!isUnsafe) return;
    const key = `${jobId} ${generation} ${this.#words.get(jobId) ?? 0} ${position}`;
    const times = (this.#acts.get(key) ?? 0) + 1;
    this.#acts.set(key, times);
    if (times > 1) this.violated(`3: ${position} of ${jobId} acted ${times} times in generation ${generation}`);
    this.leases.acts(run, generation, position);
    const newest = this.#jobs.get(jobId)?.attempt ?? 0;
    if (newest > attempt)
      this.violated(`3: ${position} of ${jobId}/${attempt} acted after attempt ${newest} was leased`);
  }

  /** How many runs an agent works on, of how many it may. */
  works(agentId: string, runs: number, slots: number): void {
    if (runs > slots) this.violated(`10: agent ${agentId} works on ${runs} runs in ${slots} slots`);
  }

  /** Looks at what was committed. */
  committed(): void {
    const { tables } = this.#options;
    const keys = new Set<string>();
    for (const id of tables.touched) {
      const job = tables.job.get(TENANT, id);
      if (job === undefined) continue;
      this.#placed(job);
      if (job.concurrency_key !== null) keys.add(this.#holds(job.concurrency_key, job));
      const before = this.#jobs.get(id);
      if (before?.state !== job.state || before.attempt !== job.attempt || before.generation !== job.generation) {
        this.note(`commit ${id} ${job.state} attempt ${job.attempt} generation ${job.generation}`);
        this.#moved(id, job, before);
      }
      this.#recorded(id);
    }
    tables.touched.clear();
    for (const key of keys) {
      const holders = [...(this.#underWay.get(key) ?? [])];
      if (holders.length > 1) this.violated(`jobs ${holders.join(' and ')} run under one concurrency key`);
    }
  }

  /** At the end, when every fault is healed and everybody had time: nothing is left behind. */
  finished(left: { readonly runs: number }): void {
    const { tables } = this.#options;
    for (const ids of this.#submitted.values()) {
      for (const id of ids) if (!this.#jobs.has(id)) this.violated(`1: job ${id} was acknowledged and is gone`);
    }
    for (const job of tables.job.all()) if (!OVER.has(job.state)) this.violated(`stuck: job ${job.id} is ${job.state}`);
    for (const name of ['job_ready', 'job_waiting', 'job_key', 'job_deadline', 'job_lease'] as const) {
      if (tables[name].size > 0) this.violated(`10: ${tables[name].size} rows are left in ${name}`);
    }
    if (left.runs > 0) this.violated(`10: ${left.runs} runs are left in outboxes`);
    for (const [id, { ends }] of this.#jobs) {
      for (const [generation, times] of ends) {
        if (times !== 1) this.violated(`generation ${generation} of ${id} ended ${times} times`);
      }
    }
  }

  #moved(id: string, job: JobRow, before: Seen | undefined): void {
    const ends = before?.ends ?? new Map<number, number>();
    const { state, generation, attempt } = job;
    const isWord = before?.state === 'needs_review' && state === 'pending' && before.generation === generation;
    if (isWord) this.#answeredFor(id, attempt, generation);
    this.#tried(id, job, before);
    if (before && OVER.has(before.state) && before.generation === generation) {
      this.violated(`job ${id} was ${before.state} and became ${state} in generation ${generation}`);
    }
    if (before?.state === 'paused' && state === 'leased') this.violated(`pause: job ${id} was paused and was leased`);
    if (before && attempt < before.attempt) this.violated(`2: the attempts of ${id} went back to ${attempt}`);
    if (OVER.has(state)) ends.set(generation, (ends.get(generation) ?? 0) + 1);
    this.#jobs.set(id, { state, generation, attempt, ends });
  }

  /** Only a person's `continue` brings a job that waits for one back to the queue. */
  #answeredFor(id: string, attempt: number, generation: number): void {
    this.#words.set(id, (this.#words.get(id) ?? 0) + 1);
    this.leases.answeredFor(id, attempt, generation);
  }

  /** Whether the job may wait for another attempt, or start one. */
  #tried(id: string, job: JobRow, before: Seen | undefined): void {
    const isSame = before?.generation === job.generation;
    if (isSame && job.state === 'pending' && UNDER_WAY.has(before.state)) {
      this.leases.queuedAgain(id, job.attempt, job.generation);
    }
    const starts = job.state === 'pending' || job.state === 'leased';
    if (isSame && starts && this.#cancelled.get(id) === job.generation && !this.#words.has(id)) {
      this.violated(`cancel: job ${id} was cancelled and became ${job.state}`);
    }
    if (before === undefined || job.attempt === before.attempt) return;
    this.leases.begins(id, job.attempt);
    const lease = this.#options.tables.job_lease.get(TENANT, id);
    if (job.deadline !== null && lease !== undefined && lease.leased_at >= job.deadline) {
      this.violated(`deadline: job ${id} was leased after its deadline`);
    }
    const tries = job.attempt - job.first_attempt + 1;
    const retries = ((job.retry ?? { attempts: 1 }) as { readonly attempts?: number }).attempts ?? 3;
    // Whoever reviews a job with `continue` grants it one more.
    if (tries > job.max_attempts + retries - 1 + (this.#words.get(id) ?? 0))
      this.violated(`10: job ${id} is tried for the ${tries}th time`);
  }

  /** Where a job waits and who may write, by its state. */
  #placed(job: JobRow): void {
    const { tables } = this.#options;
    const isWaiting =
      Number(tables.job_ready.get(TENANT, job.id) !== undefined) +
      Number(tables.job_waiting.get(TENANT, job.id) !== undefined);
    // One whose deadline passed is taken out of the queue by whoever finds it there, and ended by a sweep.
    const isDue = job.deadline !== null && tables.job_deadline.get(TENANT, job.id) !== undefined;
    const lease = tables.job_lease.get(TENANT, job.id);
    const isHeld = job.state === 'paused' && lease === undefined;
    if (isHeld && !tables.job_waiting.get(TENANT, job.id)?.held && !isDue) {
      this.violated(`10: job ${job.id} is paused, and nothing holds it back`);
    }
    if (isWaiting !== Number(job.state === 'pending' || isHeld) && !(isWaiting === 0 && isDue)) {
      this.violated(`10: job ${job.id} is ${job.state} and has ${isWaiting} places to wait`);
    }
    if (lease && lease.attempt !== job.attempt) this.violated(`2: the lease of ${job.id} is not of its newest attempt`);
    if (UNDER_WAY.has(job.state) !== (lease !== undefined) && !MAY_HAVE_LEASE.has(job.state)) {
      this.violated(`2: job ${job.id} is ${job.state} ${lease ? 'with' : 'without'} a lease`);
    }
  }

  #holds(key: string, { id, state }: JobRow): string {
    const holders = this.#underWay.get(key) ?? new Set();
    this.#underWay.set(key, holders);
    if (UNDER_WAY.has(state)) holders.add(id);
    else holders.delete(id);
    return key;
  }

  #pausedBy({ type }: RunEventBody, attempt: string): void {
    if (type === 'run.paused') this.#paused.add(attempt);
    if (type === 'run.resumed') this.#paused.delete(attempt);
    if (type === 'step.started' && this.#paused.has(attempt)) this.violated(`pause: a step of ${attempt} started`);
  }

  #recorded(jobId: string): void {
    const { tables } = this.#options;
    for (const row of tables.job_event.of(jobId)) {
      const key = `${row.job_id} ${row.attempt} ${row.seq}`;
      if (this.#events.has(key)) continue;
      this.#events.set(key, row.body);
      this.note(`record ${row.job_id}/${row.attempt} ${row.seq} ${row.body.type}`);
      this.#pausedBy(row.body, `${row.job_id} ${row.attempt}`);
      const newest = this.#jobs.get(row.job_id)?.attempt;
      const isPersons = row.body.type === 'step.completed' && row.body.settledBy !== undefined;
      if (row.attempt !== newest && !isPersons) {
        this.violated(`2: attempt ${row.attempt} of ${row.job_id} wrote when ${String(newest)} was the newest`);
      }
      if (row.seq > 1 && !this.#events.has(`${row.job_id} ${row.attempt} ${row.seq - 1}`)) {
        this.violated(`2: the record of ${row.job_id}/${row.attempt} has a hole before ${row.seq}`);
      }
    }
  }
}
