/** Reads for many jobs or agents in one statement, for who shows them side by side (GraphQL). Read-only. */
import type { Artifact, Attempt, Job, LogLine, Step } from '@casare/shared/api';
import type { Queryable, TenantDatabase } from '../platform/database/index.ts';
import { decodeKey, pageOf, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, type Refusal } from '../platform/refusal.ts';
import * as store from './many.store.ts';
import { jobCursor } from './query.service.ts';

/** The page of each that has something on it. */
type Pages<T> = ReadonlyMap<string, Page<T>>;

export class ManyService {
  readonly #db: TenantDatabase;

  constructor(db: TenantDatabase) {
    this.#db = db;
  }

  /** Those that the tenant has. */
  async jobs(tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, Job>> {
    const found = await store.findJobsById(this.#db.of(tenant), tenant, ids);
    return new Map(found.map((job) => [job.id, job]));
  }

  steps(tenant: string, jobs: readonly string[], ask: PageAsk): Promise<Pages<Step> | Refusal> {
    return this.#numbered(tenant, jobs, ask, store.findStepsOf);
  }

  logs(tenant: string, jobs: readonly string[], ask: PageAsk): Promise<Pages<LogLine> | Refusal> {
    return this.#numbered(tenant, jobs, ask, store.findLogsOf);
  }

  async artifacts(tenant: string, jobs: readonly string[], ask: PageAsk): Promise<Pages<Artifact> | Refusal> {
    const after = ask.cursor === undefined ? ['', ''] : decodeKey(ask.cursor, 2);
    if (!after) return badCursor();
    const found = await store.findArtifactsOf(this.#db.of(tenant), tenant, jobs, [after[0]!, after[1]!], ask.limit + 1);
    return pagesOf(found, ask, ({ kind, name }) => [kind, name]);
  }

  async attempts(tenant: string, jobs: readonly string[], ask: PageAsk): Promise<Pages<Attempt> | Refusal> {
    const [after] = ask.cursor === undefined ? ['0'] : (decodeKey(ask.cursor, 1) ?? ['']);
    if (!/^\d{1,9}$/.test(after!)) return badCursor();
    const found = await store.findAttemptsOf(this.#db.of(tenant), tenant, jobs, Number(after), ask.limit + 1);
    return pagesOf(found, ask, ({ attempt }) => [String(attempt)]);
  }

  /** By agent. */
  async jobsOfAgents(tenant: string, agents: readonly string[], ask: PageAsk): Promise<Pages<Job> | Refusal> {
    const before = jobCursor(ask);
    if (before === undefined) return badCursor();
    const found = await store.findJobsOfAgents(this.#db.of(tenant), tenant, agents, before, ask.limit + 1);
    return pagesOf(found, ask, ({ id }) => [id]);
  }

  async #numbered<T extends { attempt: number; seq: number }>(
    tenant: string,
    jobs: readonly string[],
    ask: PageAsk,
    find: (
      db: Queryable,
      tenant: string,
      jobs: readonly string[],
      after: [number, number],
      limit: number,
    ) => Promise<Map<string, T[]>>,
  ): Promise<Pages<T> | Refusal> {
    const after = ask.cursor === undefined ? ['0', '0'] : decodeKey(ask.cursor, 2);
    if (!after?.every((number) => /^\d{1,9}$/.test(number))) return badCursor();
    const found = await find(this.#db.of(tenant), tenant, jobs, [Number(after[0]), Number(after[1])], ask.limit + 1);
    return pagesOf(found, ask, ({ attempt, seq }) => [String(attempt), String(seq)]);
  }
}

function pagesOf<T>(found: ReadonlyMap<string, T[]>, { limit }: PageAsk, keyOf: (item: T) => string[]): Pages<T> {
  return new Map([...found].map(([id, items]) => [id, pageOf(items, limit, keyOf)]));
}
