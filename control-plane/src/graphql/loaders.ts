/**
 * What links read, for one request: the keys that fields of one turn ask for go into one call of a service, which is one
 * statement, however many objects ask. A list of fifty jobs with their steps is two statements, not fifty-one.
 *
 * Bounds: `KEYS` keys go into one call; what is read is kept until the request ends.
 */
import type { Agent, Artifact, Attempt, Job, LogLine, Step, WorkflowVersion } from '@casare/shared/api';
import DataLoader from 'dataloader';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { RefusedError } from '../platform/http/problem.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
export interface PageAsk {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

type ById<T> = (tenant: string, ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;
type PagesOf<T> = (
  tenant: string,
  ids: readonly string[],
  ask: PageAsk,
) => Promise<ReadonlyMap<string, Page<T>> | Refusal>;

/** Many at once, of a tenant; given by the services of jobs, fleet and workflows. */
export interface Batches {
  readonly one: { readonly agent: ById<Agent>; readonly workflow: ById<WorkflowVersion>; readonly job: ById<Job> };
  readonly pages: {
    readonly steps: PagesOf<Step>;
    readonly logs: PagesOf<LogLine>;
    readonly artifacts: PagesOf<Artifact>;
    readonly attempts: PagesOf<Attempt>;
    /** By agent. */
    readonly jobs: PagesOf<Job>;
  };
}

const KEYS = 500;
const EMPTY: Page<never> = { items: [], nextCursor: null };

export class Loaders {
  readonly #tenant: string;
  readonly #batches: Batches;
  readonly #loaders = new Map<string, DataLoader<string, unknown>>();

  constructor(tenant: string, batches: Batches) {
    this.#tenant = tenant;
    this.#batches = batches;
  }

  /** The object of this id; `null` when the tenant has none. */
  one(kind: keyof Batches['one'], id: string): Promise<unknown> {
    return this.#loader(kind, async (ids) => {
      const found = await this.#batches.one[kind](this.#tenant, ids);
      return ids.map((each) => found.get(each) ?? null);
    }).load(id);
  }

  /** The page of the object of this id. @throws RefusedError CURSOR_INVALID */
  page(kind: keyof Batches['pages'], id: string, ask: PageAsk): Promise<unknown> {
    return this.#loader(`${kind} ${ask.limit} ${ask.cursor ?? ''}`, async (ids) => {
      const found = await this.#batches.pages[kind](this.#tenant, ids, ask);
      if (isRefusal(found)) throw new RefusedError(found);
      return ids.map((each) => found.get(each) ?? EMPTY);
    }).load(id);
  }

  /** After a mutation what was read before it may be different. */
  clear(): void {
    this.#loaders.clear();
  }

  #loader(key: string, read: (ids: readonly string[]) => Promise<unknown[]>): DataLoader<string, unknown> {
    let loader = this.#loaders.get(key);
    if (loader === undefined) {
      loader = new DataLoader<string, unknown>(read, { maxBatchSize: KEYS });
      this.#loaders.set(key, loader);
    }
    return loader;
  }
}
