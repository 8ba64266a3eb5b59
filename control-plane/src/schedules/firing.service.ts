/**
 * Comes to the times of schedules: decides, and submits.
 *
 * Invariants: that a time was come to, what became of it, and its jobs are one transaction, and only one of those who try
 * gets through: the row of the schedule is moved from the turn that was read (`takeTurn`), and a time has one firing
 * (unique). So no time is fired twice, by however many replicas, and none is lost when one dies in the middle. That earlier
 * jobs are to be cancelled stands in the same transaction, and is done by any replica until it is done. Nothing is decided
 * while a tenant is suspended: when it is resumed, each schedule catches up by its own rule, and the rest is on record as
 * missed.
 *
 * Bounds: 100 schedules and 100 cancels in one turn; the next turn, a second later, goes on.
 */
import type { Firing, JobRequest } from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { Jobs } from '../jobs/index.ts';
import { appendLive, type LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { timesOf } from './cron.ts';
import { due, type Due } from './due.decision.ts';
import * as firings from './firing.store.ts';
import { onOverlap, QUEUED } from './overlap.decision.ts';
import { findSchedule, listDue, takeTurn, type DueSchedule, type KeptSchedule } from './schedule.store.ts';

export interface FiringDependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly live: LiveService;
  readonly log: Log;
  readonly jobs: { readonly submit: Pick<Jobs['submit'], 'submitWith'>; readonly steer: Pick<Jobs['steer'], 'cancel'> };
}

const AT_ONCE = 100;
const LOOK_MS = 1_000;
/** What became of a time is kept so long. */
const KEPT_MS = 90 * 86_400_000;
/** Tries of a person's trigger beside others who decide about the same schedule. */
const TRIES = 5;

const SUSPENDED = { code: 'TENANT_SUSPENDED', reason: 'The tenant was suspended.' };

/** What is decided in one transaction. */
interface Turn {
  readonly cause: Firing['cause'];
  readonly nextAt: Date | null;
  readonly missed: Due['missed'];
  /** Why it was, where that is known. */
  readonly missedBy?: Pick<firings.NewFiring, 'code' | 'reason'>;
  /** Of the jobs to be, oldest first. */
  readonly run: readonly number[];
  /** Times without a job, and why. */
  readonly not: readonly Pick<firings.NewFiring, 'dueAt' | 'outcome' | 'code' | 'reason'>[];
  /** Earlier jobs that are cancelled. */
  readonly cancels: readonly string[];
  /** For the audit log. */
  readonly by: string;
}

export class FiringService {
  readonly #deps: FiringDependencies;
  #loop: Loop | null = null;
  #forgetAt = 0;

  constructor(dependencies: FiringDependencies) {
    this.#deps = dependencies;
  }

  start(): void {
    const { log } = this.#deps;
    this.#loop = startLoop({ name: 'schedules', intervalMs: LOOK_MS, log, run: (signal) => this.look(signal) });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** One turn. A schedule that fails keeps none of the others waiting; it is tried again in the next turn. */
  async look(signal?: AbortSignal): Promise<void> {
    const { db, clock, log } = this.#deps;
    for (const schedule of await listDue(db, clock.now(), AT_ONCE)) {
      if (signal?.aborted) return;
      try {
        await this.#come(schedule);
      } catch (error) {
        log.error('a schedule could not be fired', { schedule: schedule.id, tenant: schedule.tenant, error });
      }
    }
    await this.#cancelEarlier();
    if (clock.monotonicMs() >= this.#forgetAt) {
      this.#forgetAt = clock.monotonicMs() + 3_600_000;
      const before = new Date(clock.now().getTime() - KEPT_MS);
      while ((await firings.forget(db, before, 1_000)) === 1_000 && !signal?.aborted);
    }
  }

  /** Submits now, for a person. */
  async trigger(by: { readonly tenant: string; readonly actor: string }, id: string): Promise<Firing | Refusal> {
    const { clock } = this.#deps;
    const db = this.#deps.db.of(by.tenant);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const schedule = await findSchedule(db, by.tenant, id);
      if (schedule === null) return scheduleNotFound(id);
      const run = [clock.now().getTime()];
      const { nextAt } = schedule;
      const turn = await this.#overlapped(schedule, { cause: 'person', nextAt, missed: null, run, by: by.actor });
      if (turn.run.length === 0) return stillRunning(turn.not[0]?.code);
      const done = await this.#submit(schedule, turn);
      if (isRefusal(done)) return done;
      if (done === null) continue;
      await this.#cancelEarlier();
      return done[0]!;
    }
    return refuse('conflict', 'SCHEDULE_BUSY', 'Others are changing this schedule.', { fix: 'Try again.' });
  }

  async #come(schedule: DueSchedule): Promise<void> {
    const times = timesOf(schedule.cron, schedule.timeZone);
    // It could be read when it was saved: the runtime has forgotten its zone.
    if (isRefusal(times)) throw new Error(times.title);
    const now = this.#deps.clock.now().getTime();
    const { run, missed, nextAt } = due(schedule.nextAt!.getTime(), now, schedule.catchUp, times);
    const next = nextAt === null ? null : new Date(nextAt);
    const turn = await this.#overlapped(schedule, {
      ...{ cause: 'time', nextAt: next, missed, run, by: 'system' },
      ...(schedule.suspended ? { missedBy: SUSPENDED } : {}),
    });
    const done = await this.#submit(schedule, turn);
    // What a submit does not take is put on record, unless it may take it later.
    if (!isRefusal(done) || done.refused === 'busy' || done.code === SUSPENDED.code) return;
    const { code, title: reason } = done;
    const not = turn.run.map((at) => ({ dueAt: new Date(at), outcome: 'refused' as const, code, reason }));
    await this.#submit(schedule, { ...turn, run: [], cancels: [], not: [...not, ...turn.not] });
  }

  async #overlapped(schedule: KeptSchedule, turn: Omit<Turn, 'not' | 'cancels'>): Promise<Turn> {
    const open = await firings.listOpenJobs(this.#deps.db.of(schedule.tenant), schedule);
    const { run, code, cancel } = onOverlap(schedule.overlap, open.length, turn.run.length);
    // What waits for a person is left to them.
    const cancelled = open.filter(({ state }) => state !== 'cancelling' && state !== 'needs_review');
    return {
      ...turn,
      run: turn.run.slice(0, run),
      not: turn.run.slice(run).map((at) => ({ dueAt: new Date(at), outcome: 'skipped', code })),
      cancels: cancel ? cancelled.map(({ id }) => id) : [],
    };
  }

  /** What was submitted and written; null when somebody else decided about the schedule. */
  async #submit(schedule: KeptSchedule, turn: Turn): Promise<readonly Firing[] | null | Refusal> {
    const { db, jobs } = this.#deps;
    const made: { firings: readonly Firing[] | null } = { firings: null };
    const take = async (tx: Transaction, jobIds: readonly string[]): Promise<boolean> => {
      made.firings = await this.#record(tx, schedule, turn, jobIds);
      return made.firings !== null;
    };
    if (turn.run.length === 0) {
      await db.of(schedule.tenant).transaction((tx) => take(tx, []));
    } else {
      const by = { tenant: schedule.tenant, actor: `schedule:${schedule.id}` };
      const requests = turn.run.map(() => requestOf(schedule));
      const ids = await jobs.submit.submitWith(by, requests, take);
      if (ids === null || isRefusal(ids)) return ids;
    }
    if (made.firings !== null) this.#deps.live.wake();
    return made.firings;
  }

  async #record(
    tx: Transaction,
    schedule: KeptSchedule,
    { cause, nextAt, missed, missedBy, run, not, cancels, by }: Turn,
    jobIds: readonly string[],
  ): Promise<readonly Firing[] | null> {
    if (!(await takeTurn(tx, schedule, nextAt))) return null;
    const { ids, clock } = this.#deps;
    const { tenant, id, name } = schedule;
    const now = clock.now();
    const of = (firing: Omit<firings.NewFiring, 'id' | 'cause'>): firings.NewFiring => ({
      id: ids.next(),
      cause,
      ...firing,
    });
    // Their ids rise in this order.
    const lost = missed === null ? [] : [{ dueAt: new Date(missed.from), untilAt: new Date(missed.until) }];
    const rows = [
      ...lost.map((times) => of({ ...times, ...missedBy, outcome: 'missed' })),
      ...run.map((at, index) =>
        of({ dueAt: new Date(at), outcome: 'submitted', jobId: jobIds[index]!, cancels: index === 0 ? cancels : [] }),
      ),
      ...not.map(of),
    ];
    await firings.insertFirings(tx, schedule, rows, now);
    if (cause === 'person') {
      const detail = { job: jobIds[0] };
      await appendAudit(tx, { tenant, actor: by, action: 'schedule.triggered', subject: `schedule:${id}`, detail });
    }
    const outcomes = [...new Set(rows.map(({ outcome }) => outcome))];
    const event = { type: 'schedule.changed' as const, at: now.toISOString(), scheduleId: id, name };
    await appendLive(
      tx,
      outcomes.map((action) => ({ tenant, event: { ...event, action } })),
    );
    return rows.map((row) => firings.viewOf({ ...row, firedAt: now }));
  }

  /** A job that is over by now is left as it is. */
  async #cancelEarlier(): Promise<void> {
    const { db, jobs } = this.#deps;
    for (const firing of await firings.listCancelling(db, AT_ONCE)) {
      const by = { tenant: firing.tenant, actor: `schedule:${firing.id}` };
      for (const job of firing.jobs) await jobs.steer.cancel(by, job);
      await firings.markCancelled(db, firing, firing.firing);
    }
  }
}

/** Jobs of one schedule never run side by side: they have a concurrency key of one. */
function requestOf({ id, job }: KeptSchedule): JobRequest {
  return { ...job, concurrencyKey: job.concurrencyKey ?? `schedule:${id}` };
}

export function scheduleNotFound(id: string): Refusal {
  return refuse('not_found', 'SCHEDULE_NOT_FOUND', `There is no schedule ${id}.`, {
    fix: 'List them: `casare schedules list`.',
  });
}

function stillRunning(code: string | undefined): Refusal {
  return code === 'QUEUE_FULL'
    ? refuse('conflict', 'SCHEDULE_STILL_RUNNING', `${QUEUED} jobs of this schedule are not over.`, {
        fix: 'Cancel those that are not wanted, or wait.',
      })
    : refuse('conflict', 'SCHEDULE_STILL_RUNNING', 'An earlier job of this schedule is not over.', {
        detail: 'Its policy of overlaps is `skip`.',
        fix: 'Wait until it is over, cancel it, or give the schedule another policy.',
      });
}
