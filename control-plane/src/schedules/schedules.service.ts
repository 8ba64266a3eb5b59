/** Schedules as people make, change and remove them. Every change is audited and seen live. */
import type { Firing, Schedule, ScheduleRequest } from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { WorkflowsPort } from '../jobs/index.ts';
import { appendLive, type LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import { isUniqueViolation, type TenantDatabase, type Transaction } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import type { Ids } from '../platform/ids.ts';
import { numberCursor, pageBy, uuidCursor, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { timesOf } from './cron.ts';
import { nextRuns, type Times } from './due.decision.ts';
import { scheduleNotFound } from './firing.service.ts';
import { findLastFirings, listFirings } from './firing.store.ts';
import * as store from './schedule.store.ts';

export interface SchedulesDependencies {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly live: LiveService;
  readonly workflows: WorkflowsPort;
}

/** Schedules of a tenant. */
const SCHEDULES = 1_000;
/** Tries of a change beside the firing of the same schedule. */
const TRIES = 5;

export class SchedulesService {
  readonly #deps: SchedulesDependencies;

  constructor(dependencies: SchedulesDependencies) {
    this.#deps = dependencies;
  }

  async list(
    tenant: string,
    ask: PageAsk & { readonly name?: string | undefined; readonly q?: string | undefined },
  ): Promise<Page<Schedule> | Refusal> {
    const { limit, cursor, sort } = ask;
    const beyond = numberCursor(cursor);
    if (beyond === undefined) return badCursor();
    const range = { beyond, ascending: sort === 'createdAt', limit: limit + 1 };
    const page = pageBy(
      await store.listSchedules(this.#deps.db.of(tenant), tenant, range, ask),
      limit,
      ({ seq }) => seq,
    );
    return { ...page, items: await this.#views(tenant, page.items) };
  }

  async get(tenant: string, id: string): Promise<Schedule | Refusal> {
    const found = await store.findSchedule(this.#deps.db.of(tenant), tenant, id);
    return found === null ? scheduleNotFound(id) : (await this.#views(tenant, [found]))[0]!;
  }

  async firings(tenant: string, id: string, { limit, cursor, sort }: PageAsk): Promise<Page<Firing> | Refusal> {
    const beyond = uuidCursor(cursor);
    if (beyond === undefined) return badCursor();
    const db = this.#deps.db.of(tenant);
    if ((await store.findSchedule(db, tenant, id)) === null) return scheduleNotFound(id);
    const range = { beyond, ascending: sort === 'firedAt', limit: limit + 1 };
    return pageBy(await listFirings(db, { tenant, id }, range), limit, (firing) => firing.id);
  }

  preview({ cron, timeZone }: { readonly cron: string; readonly timeZone: string }): { nextRuns: string[] } | Refusal {
    const times = timesOf(cron, timeZone);
    return isRefusal(times) ? times : { nextRuns: this.#ahead(times) };
  }

  async create(caller: Caller, request: ScheduleRequest): Promise<Schedule | Refusal> {
    const { db, clock, ids } = this.#deps;
    const times = await this.#check(caller.tenant, request);
    if (isRefusal(times)) return times;
    const id = ids.next();
    return this.#unlessNamed(request.name, async () => {
      const made = await db.of(caller.tenant).transaction(async (tx) => {
        const now = clock.now();
        const key = { tenant: caller.tenant, id, by: caller.actor, now };
        const nextAt = request.enabled ? nextOf(times, now) : null;
        if (!(await store.insertSchedule(tx, key, request, nextAt, SCHEDULES))) return false;
        await this.#tell(tx, caller, id, request, 'created');
        return true;
      });
      if (!made) return full();
      this.#deps.live.wake();
      return this.get(caller.tenant, id);
    });
  }

  /** A new time, or enabling it, counts from now on; another input or name does not change when it comes next. */
  async update(
    caller: Caller,
    id: string,
    request: ScheduleRequest,
    unchanged?: Unchanged,
  ): Promise<Schedule | Refusal> {
    const times = await this.#check(caller.tenant, request);
    if (isRefusal(times)) return times;
    return this.#unlessNamed(request.name, () =>
      this.#change(
        caller,
        id,
        'updated',
        (schedule, now) => {
          const same = schedule.enabled && schedule.cron === request.cron && schedule.timeZone === request.timeZone;
          return [request, !request.enabled ? null : same ? schedule.nextAt : nextOf(times, now)];
        },
        unchanged,
      ),
    );
  }

  /** Doing it twice is the same as once. */
  async act(
    caller: Caller,
    id: string,
    action: 'enable' | 'disable',
    unchanged?: Unchanged,
  ): Promise<Schedule | Refusal> {
    const enabled = action === 'enable';
    return this.#change(
      caller,
      id,
      `${action}d`,
      (schedule, now) => {
        if (schedule.enabled === enabled) return null;
        const times = timesOf(schedule.cron, schedule.timeZone);
        if (isRefusal(times)) return times;
        return [{ ...schedule, enabled }, enabled ? nextOf(times, now) : null];
      },
      unchanged,
    );
  }

  async remove(caller: Caller, id: string, unchanged?: Unchanged): Promise<Refusal | undefined> {
    const db = this.#deps.db.of(caller.tenant);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const schedule = await store.findSchedule(db, caller.tenant, id);
      if (schedule === null) return scheduleNotFound(id);
      const stale = unchanged?.((await this.#views(caller.tenant, [schedule]))[0]!);
      if (stale) return stale;
      const removed = await db.transaction(async (tx) => {
        if (!(await store.deleteSchedule(tx, schedule))) return false;
        await this.#tell(tx, caller, id, { name: schedule.name }, 'removed');
        return true;
      });
      if (!removed) continue;
      this.#deps.live.wake();
      return undefined;
    }
    return busy();
  }

  /** Beside a firing of the same schedule a change is tried again from what that left. */
  async #change(
    caller: Caller,
    id: string,
    done: string,
    decide: (schedule: store.KeptSchedule, now: Date) => readonly [store.ScheduleTerms, Date | null] | Refusal | null,
    unchanged?: Unchanged,
  ): Promise<Schedule | Refusal> {
    const { clock, live } = this.#deps;
    const db = this.#deps.db.of(caller.tenant);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const schedule = await store.findSchedule(db, caller.tenant, id);
      if (schedule === null) return scheduleNotFound(id);
      // The write fails when the schedule is another by then.
      const stale = unchanged?.((await this.#views(caller.tenant, [schedule]))[0]!);
      if (stale) return stale;
      const now = clock.now();
      const decided = decide(schedule, now);
      if (isRefusal(decided)) return decided;
      if (decided === null) return this.get(caller.tenant, id);
      const changed = await db.transaction(async (tx) => {
        if (!(await store.updateSchedule(tx, schedule, ...decided, now))) return false;
        await this.#tell(tx, caller, id, decided[0], done);
        return true;
      });
      if (!changed) continue;
      live.wake();
      return this.get(caller.tenant, id);
    }
    return busy();
  }

  /** What can be said now: a workflow may still be gone, and its schema another, when the time comes. */
  async #check(tenant: string, { cron, timeZone, job }: ScheduleRequest): Promise<Times | Refusal> {
    const times = timesOf(cron, timeZone);
    if (isRefusal(times)) return times;
    const workflow = await this.#deps.workflows.resolve(tenant, job.workflow);
    if (isRefusal(workflow)) return workflow;
    const problems = this.#deps.workflows.validateInput(workflow, job.input ?? {});
    if (problems.length === 0) return times;
    return refuse('unprocessable', 'JOB_INPUT_INVALID', "The input does not fit the workflow's schema.", { problems });
  }

  /** The audit log gets no input: it may hold what belongs to nobody else. */
  async #tell(
    tx: Transaction,
    { tenant, actor }: Caller,
    id: string,
    terms: Partial<store.ScheduleTerms> & { readonly name: string },
    action: string,
  ): Promise<void> {
    const { name, cron, timeZone, overlap, catchUp, enabled, job } = terms;
    const detail = { name, cron, timeZone, overlap, catchUp, enabled, workflow: job?.workflow };
    await appendAudit(tx, { tenant, actor, action: `schedule.${action}`, subject: `schedule:${id}`, detail });
    const at = this.#deps.clock.now().toISOString();
    await appendLive(tx, [{ tenant, event: { type: 'schedule.changed', at, scheduleId: id, name, action } }]);
  }

  async #unlessNamed<T>(name: string, work: () => Promise<T>): Promise<T | Refusal> {
    try {
      return await work();
    } catch (error) {
      if (!isUniqueViolation(error, 'schedule_name')) throw error;
      return refuse('conflict', 'SCHEDULE_EXISTS', `There is a schedule called ${name}.`, {
        fix: 'Choose another name.',
      });
    }
  }

  async #views(tenant: string, schedules: readonly store.KeptSchedule[]): Promise<Schedule[]> {
    const ids = schedules.map(({ id }) => id);
    const last =
      ids.length === 0 ? new Map<string, Firing>() : await findLastFirings(this.#deps.db.of(tenant), tenant, ids);
    return schedules.map((schedule) => {
      const { id, name, cron, timeZone, job, overlap, catchUp, enabled, createdBy, createdAt, updatedAt } = schedule;
      const times = enabled ? timesOf(cron, timeZone) : null;
      return {
        ...{ id, name, cron, timeZone, job, overlap, catchUp, enabled, createdBy },
        nextRuns: times === null || isRefusal(times) ? [] : this.#ahead(times),
        lastFiring: last.get(id) ?? null,
        createdAt: createdAt.toISOString(),
        updatedAt: updatedAt.toISOString(),
      };
    });
  }

  #ahead(times: Times): string[] {
    return nextRuns(this.#deps.clock.now().getTime(), times).map((at) => new Date(at).toISOString());
  }
}

function nextOf(times: Times, now: Date): Date | null {
  const at = times.next(now.getTime());
  return at === null ? null : new Date(at);
}

function full(): Refusal {
  return refuse('conflict', 'SCHEDULES_FULL', `This tenant has ${SCHEDULES} schedules.`, {
    fix: 'Remove those that are not used.',
  });
}

function busy(): Refusal {
  return refuse('conflict', 'SCHEDULE_BUSY', 'Others are changing this schedule.', { fix: 'Try again.' });
}
