/**
 * One action on many jobs: those that fit a filter of the list, oldest first. Each job is a transaction of its own, as if it
 * had been asked for alone, with its own entry in the audit log; one more entry says what was asked and what came of it.
 *
 * Bounds: `limit` jobs in each call, and as many that refuse; whoever asks again goes on with those that still fit.
 */
import {
  JOBS_AT_ONCE,
  JOBS_COUNTED,
  type JobAction,
  type JobActionDone,
  type JobActionFilter,
  type JobActionRequest,
  type JobState,
} from '@casare/shared/api';
import type { TenantDatabase } from '../platform/database/index.ts';
import type { DeadLetterDependencies } from './dead-letters.service.ts';
import { findPausesAsked } from './attempt.store.ts';
import { findJobIds, type JobFilter } from './job.store.ts';
import type { SteerService } from './steer.service.ts';
import type { Submitter } from './submit.service.ts';

export interface JobActionsDependencies {
  readonly db: TenantDatabase;
  readonly steer: Pick<SteerService, JobAction>;
  readonly audit: DeadLetterDependencies['audit'];
}

/** Where an action is of use without being asked for by state. A person who waits for an answer is passed over by nobody. */
const OF_USE: Readonly<Record<JobAction, readonly JobState[]>> = {
  cancel: ['pending', 'leased', 'running', 'paused'],
  pause: ['pending', 'leased', 'running'],
  // A run whose step is still under way is paused as soon as that ends: its pause is taken back.
  resume: ['paused', 'leased', 'running'],
  retry: ['failed', 'timed_out', 'cancelled'],
};

export class JobActionsService {
  readonly #deps: JobActionsDependencies;

  constructor(dependencies: JobActionsDependencies) {
    this.#deps = dependencies;
  }

  /** Acts, or counts. What changed meanwhile is refused and harms no other. */
  async run(by: Submitter, request: JobActionRequest): Promise<JobActionDone> {
    const { action, filter, limit, dryRun } = request;
    const found = await this.#fitting(by.tenant, action, filter);
    const done: JobActionDone = { action, dryRun, ids: [], refused: [], remaining: found.length };
    if (dryRun) return done;
    for (const id of found) {
      if (done.ids.length === limit || done.refused.length === JOBS_AT_ONCE) break;
      const refusal = await this.#deps.steer[action](by, id);
      if (refusal) done.refused.push({ id, code: refusal.code });
      else done.ids.push(id);
    }
    const { ids, refused } = done;
    const remaining = found.length - ids.length - refused.length;
    const detail = { filter, limit, done: ids.length, refused: refused.length, remaining };
    await this.#deps.db.of(by.tenant).transaction((tx) => this.#deps.audit(tx, by, `jobs.${action}`, 'jobs', detail));
    return { ...done, remaining };
  }

  async #fitting(tenant: string, action: JobAction, filter: JobActionFilter): Promise<string[]> {
    const states = filter.state === undefined ? OF_USE[action] : [filter.state];
    const all: string[] = [];
    for (const state of states) {
      const range = { beyond: null, ascending: true, limit: JOBS_COUNTED };
      const db = this.#deps.db.of(tenant);
      const ids = await findJobIds(db, tenant, { ...narrowed(filter), state }, range);
      const goesOn = action === 'resume' && state !== 'paused';
      all.push(...(goesOn ? await findPausesAsked(db, tenant, ids) : ids));
    }
    // A job that moved between two of the lists is in both. Ids are ordered by age.
    return [...new Set(all)].sort().slice(0, JOBS_COUNTED);
  }
}

function narrowed(filter: JobActionFilter): Omit<JobFilter, 'state'> {
  const { workflow = null, agent = null, site = null, q = null, since, createdAfter, createdBefore = null } = filter;
  const after = [since, createdAfter].filter((each) => each !== undefined);
  const latest = after.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? null;
  return { workflow, agent, site, since: latest, until: createdBefore, text: q };
}
