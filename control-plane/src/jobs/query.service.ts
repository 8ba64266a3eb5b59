/** Reading jobs: lists with cursors, steps, logs, files, and why a job waits. Read-only. */
import type { Artifact, Attempt, Job, LogLine, Step, WhyPending } from '@casare/shared/api';
import type { Clock } from '../platform/clock.ts';
import type { Queryable, TenantDatabase } from '../platform/database/index.ts';
import { decodeKey, pageOf, uuidCursor, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import { findArtifacts } from './artifact.store.ts';
import { findAttempts, findEvidence, isPauseAsked } from './attempt.store.ts';
import type { ClosuresService } from './closures.service.ts';
import { AHEAD, findBacklog } from './backlog.store.ts';
import { forecast } from './forecast.decision.ts';
import * as store from './job.store.ts';
import { findLogs, findSteps } from './step.store.ts';
import type { Route } from './matching.decision.ts';
import type { JobQuotas } from './quotas.port.ts';
import { findWait } from './waiting.store.ts';
import {
  agentsOf,
  countCodes,
  firstUnmet,
  nearestFirst,
  summarise,
  type AgentFitness,
  type Asked,
  type UnmetCount,
} from './why-pending.decision.ts';

/** Agents of a tenant as "why pending" needs them, at most some; given by the fleet. */
export type FitnessPort = (tenant: string) => Promise<AgentFitness[]>;
/** All agents of a tenant, counted. */
export type CountsPort = (tenant: string, route: Route, closed: ClosedNow) => Promise<UnmetCount[]>;

/** Agents and sites of a tenant that are in maintenance. */
export type ClosedNow = NonNullable<Asked['closed']>;

export interface QueryOptions {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  readonly fitness: FitnessPort;
  readonly counts?: CountsPort;
  readonly closures: Pick<ClosuresService, 'closedNow'>;
  readonly quotas: Pick<JobQuotas, 'heldBy'>;
}

/** Agents named in one answer. */
const AGENTS = 200;

export class QueryService {
  readonly #db: TenantDatabase;
  readonly #options: QueryOptions;

  constructor(options: QueryOptions) {
    this.#db = options.db;
    this.#options = options;
  }

  async job(tenant: string, id: string): Promise<Job | Refusal> {
    const job = await store.findJob(this.#db.of(tenant), tenant, id);
    if (job?.state === 'running' || job?.state === 'leased') {
      return (await isPauseAsked(this.#db.of(tenant), tenant, id)) ? { ...job, pausing: true } : job;
    }
    if (!job?.review) return job ?? notFound(id);
    return { ...job, review: { ...job.review, evidence: await findEvidence(this.#db.of(tenant), tenant, id) } };
  }

  async jobs(tenant: string, filter: store.JobFilter, ask: PageAsk): Promise<Page<Job> | Refusal> {
    const beyond = jobCursor(ask);
    if (beyond === undefined) return badCursor();
    const range = { beyond, ascending: ask.sort === 'createdAt', limit: ask.limit + 1 };
    const items = await store.findJobs(this.#db.of(tenant), tenant, filter, range);
    return pageOf(items, ask.limit, (job) => [job.id]);
  }

  async attempts(tenant: string, id: string, ask: PageAsk): Promise<Page<Attempt> | Refusal> {
    const [after] = ask.cursor === undefined ? ['0'] : (decodeKey(ask.cursor, 1) ?? ['']);
    if (!/^\d{1,9}$/.test(after!)) return badCursor();
    if (!(await store.findAssignment(this.#db.of(tenant), tenant, id))) return notFound(id);
    const items = await findAttempts(this.#db.of(tenant), tenant, id, Number(after), ask.limit + 1);
    return pageOf(items, ask.limit, ({ attempt }) => [String(attempt)]);
  }

  steps(tenant: string, id: string, ask: PageAsk): Promise<Page<Step> | Refusal> {
    return this.#numbered(tenant, id, ask, findSteps);
  }

  logs(tenant: string, id: string, ask: PageAsk): Promise<Page<LogLine> | Refusal> {
    return this.#numbered(tenant, id, ask, findLogs);
  }

  async artifacts(tenant: string, id: string, ask: PageAsk): Promise<Page<Artifact> | Refusal> {
    const after = ask.cursor === undefined ? ['', ''] : decodeKey(ask.cursor, 2);
    if (!after) return badCursor();
    if (!(await store.findAssignment(this.#db.of(tenant), tenant, id))) return notFound(id);
    const items = await findArtifacts(this.#db.of(tenant), tenant, id, [after[0]!, after[1]!], ask.limit + 1);
    return pageOf(items, ask.limit, (file) => [file.kind, file.name]);
  }

  /** What keeps the job out of the queue, and for each agent the first condition that keeps it from running it. */
  async whyPending(tenant: string, id: string): Promise<WhyPending | Refusal> {
    const job = await store.findJob(this.#db.of(tenant), tenant, id);
    if (!job) return notFound(id);
    if (job.state !== 'pending') {
      const summary =
        job.state === 'paused'
          ? `The job is paused: it goes on when it is resumed (casare job resume ${id}).`
          : `The job is ${job.state}, not pending.`;
      return { state: job.state, summary, ahead: null, heldBy: null, likelyStart: null, counts: [], agents: [] };
    }
    const { fitness, clock, closures, quotas } = this.#options;
    const { slot, site, capabilities } = job.requirements;
    const route = { id: 0, tenant, slot, site, capabilities };
    const [agents, wait, backlog, heldBy] = [
      await fitness(tenant),
      await findWait(this.#db.of(tenant), tenant, id),
      await findBacklog(this.#db.of(tenant), tenant, id),
      await quotas.heldBy(this.#db.of(tenant), tenant),
    ];
    const all = await closures.closedNow(tenant);
    const targets = (scope: string) => all.filter((each) => each.scope === scope).map(({ target }) => target);
    const closed = { agents: targets('agent'), sites: targets('site') };
    const paused = all.find(({ scope, target }) => scope === 'route' && target === String(backlog?.routeId));
    const asked: Asked = { wait, ahead: backlog?.ahead ?? 0, closed, routeClosed: paused?.reason, heldBy };
    const answers = agents
      .map((agent) => ({ id: agent.id, name: agent.name, ...firstUnmet(agent, route, asked) }))
      .sort(nearestFirst);
    const counts = (await this.#options.counts?.(tenant, route, closed)) ?? countCodes(answers);
    const able = agentsOf(counts, 'NONE');
    const busy = agentsOf(counts, 'NO_FREE_SLOT');
    const now = clock.now().getTime();
    const notBeforeMs = wait?.notBefore ? Math.max(0, wait.notBefore.getTime() - now) : null;
    const startsIn = paused || heldBy ? null : forecast(backlog, { able, busy, notBeforeMs }, AHEAD);
    return {
      state: job.state,
      summary: summarise(counts, asked, AHEAD),
      ahead: backlog?.ahead ?? null,
      heldBy,
      likelyStart: startsIn === null ? null : new Date(now + startsIn).toISOString(),
      counts,
      agents: answers.slice(0, AGENTS),
    };
  }

  async #numbered<T extends { attempt: number; seq: number }>(
    tenant: string,
    id: string,
    ask: PageAsk,
    find: (db: Queryable, tenant: string, id: string, after: [number, number], limit: number) => Promise<T[]>,
  ): Promise<Page<T> | Refusal> {
    const after = ask.cursor === undefined ? ['0', '0'] : decodeKey(ask.cursor, 2);
    if (!after?.every((number) => /^\d{1,9}$/.test(number))) return badCursor();
    const [attempt, seq] = [Number(after[0]), Number(after[1])];
    if (!(await store.findAssignment(this.#db.of(tenant), tenant, id))) return notFound(id);
    return pageOf(await find(this.#db.of(tenant), tenant, id, [attempt, seq], ask.limit + 1), ask.limit, (row) => [
      String(row.attempt),
      String(row.seq),
    ]);
  }
}

/** The job that a page of jobs goes on from; null for the first page, `undefined` for a cursor that no list gave. */
export function jobCursor({ cursor }: PageAsk): string | null | undefined {
  if (cursor === undefined) return null;
  const [id] = decodeKey(cursor, 1) ?? [];
  return uuidCursor(id ?? '');
}

function notFound(id: string): Refusal {
  return refuse('not_found', 'JOB_NOT_FOUND', `There is no job ${id}.`, { fix: 'List jobs to find its id.' });
}
