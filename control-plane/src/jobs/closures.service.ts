/**
 * Pausing routes, and maintenance windows over routes, sites and agents. Every change is audited. Each replica looks every
 * second at what is closed now and tells its dispatcher; what runs already goes on.
 *
 * Bounds: `CLOSURES` of a tenant, `ALL` looked at in one turn.
 */
import type { Closure, ClosureRequest, RouteView } from '@casare/shared/api';
import type { Clock } from '../platform/clock.ts';
import { isUniqueViolation, type Database, type Transaction } from '../platform/database/index.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { numberCursor, pageBy, pageOfAll, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { AHEAD } from './backlog.store.ts';
import * as store from './closure.store.ts';
import { NOTHING_CLOSED, type Closed } from './held-agents.ts';
import type { Submitter } from './submit.service.ts';
import { isClosed } from './windows.decision.ts';

export interface ClosuresOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** In the transaction of the change. */
  readonly audit: (
    tx: Transaction,
    by: Submitter,
    action: string,
    subject: string,
    detail: Record<string, unknown>,
  ) => Promise<void>;
  /** Told what is closed when it changed. */
  readonly onChanged: (closed: Closed) => void;
}

const CLOSURES = 1_000;
const ALL = 20_000;
const LOOK_MS = 1_000;

export class ClosuresService {
  readonly #options: ClosuresOptions;
  #loop: Loop | null = null;
  #last = textOf(NOTHING_CLOSED);

  constructor(options: ClosuresOptions) {
    this.#options = options;
  }

  start(): void {
    const { log } = this.#options;
    this.#loop = startLoop({ name: 'closures', intervalMs: LOOK_MS, log, run: () => this.look() });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** What is closed now of one tenant, and why. */
  async closedNow(tenant: string): Promise<Pick<Closure, 'scope' | 'target' | 'reason'>[]> {
    const now = this.#options.clock.now().getTime();
    const all = await store.listClosures(this.#options.db.of(tenant), tenant, CLOSURES);
    return all.filter(({ times }) => isClosed(times, now));
  }

  /** One look at what is closed now. */
  async look(): Promise<void> {
    const now = this.#options.clock.now().getTime();
    const all = await store.listAllClosures(this.#options.db, ALL);
    const closed = closedOf(all.filter(({ times }) => isClosed(times, now)));
    const text = textOf(closed);
    if (text === this.#last) return;
    this.#last = text;
    this.#options.onChanged(closed);
  }

  async list(tenant: string, ask: PageAsk): Promise<Page<Closure> | Refusal> {
    const all = await store.listClosures(this.#options.db.of(tenant), tenant, CLOSURES);
    const views = all.map((closure) => this.#viewOf(closure));
    return pageOfAll(views, ask, { createdAt: ({ createdAt }) => createdAt }) ?? badCursor();
  }

  async create(by: Submitter, request: ClosureRequest): Promise<Closure | Refusal> {
    const { db, ids } = this.#options;
    try {
      const made = await db.of(by.tenant).transaction(async (tx): Promise<store.KeptClosure | Refusal> => {
        const key = { tenant: by.tenant, id: ids.next(), by: by.actor };
        const closure = await store.insertClosure(tx, key, request, CLOSURES);
        if (!closure) return full();
        await this.#audit(tx, by, 'maintenance.created', closure);
        return closure;
      });
      if (isRefusal(made)) return made;
      this.#loop?.wake();
      return this.#viewOf(made);
    } catch (error) {
      if (!isUniqueViolation(error, 'closure_always')) throw error;
      return refuse('conflict', 'CLOSURE_EXISTS', `This ${request.scope} is closed already until it is opened again.`);
    }
  }

  async remove(by: Submitter, id: string): Promise<Refusal | undefined> {
    const removed = await this.#options.db.of(by.tenant).transaction(async (tx) => {
      const closure = await store.deleteClosure(tx, by.tenant, id);
      if (closure) await this.#audit(tx, by, 'maintenance.removed', closure);
      return closure;
    });
    if (!removed) return refuse('not_found', 'CLOSURE_NOT_FOUND', `There is no maintenance window ${id}.`);
    this.#loop?.wake();
    return undefined;
  }

  async routes(
    tenant: string,
    ask: PageAsk & { readonly site?: string | undefined },
  ): Promise<Page<RouteView> | Refusal> {
    const beyond = numberCursor(ask.cursor);
    if (beyond === undefined) return badCursor();
    const page = { beyond, ascending: ask.sort === 'id', limit: ask.limit + 1, ready: AHEAD };
    const found = await store.viewRoutes(this.#options.db.of(tenant), tenant, ask.site ?? null, page);
    return pageBy(found, ask.limit, ({ id }) => id);
  }

  async route(tenant: string, id: string): Promise<RouteView | Refusal> {
    return (await store.viewRoute(this.#options.db.of(tenant), tenant, id, AHEAD)) ?? routeUnknown(id);
  }

  /** Pauses or resumes; doing it twice is the same as once. */
  async act(
    by: Submitter,
    id: string,
    action: 'pause' | 'resume',
    unchanged?: Unchanged,
  ): Promise<RouteView | Refusal> {
    const route = await this.route(by.tenant, id);
    if (isRefusal(route)) return route;
    const stale = unchanged?.(route);
    if (stale) return stale;
    if (route.paused !== (action === 'pause')) {
      const done = action === 'pause' ? await this.#pause(by, id) : await this.#resume(by, id);
      if (isRefusal(done)) return done;
      // Somebody else did it first.
      if (!done) return this.act(by, id, action, unchanged);
    }
    return this.route(by.tenant, id);
  }

  /** False when it is paused already. */
  async #pause(by: Submitter, target: string): Promise<boolean | Refusal> {
    const request: ClosureRequest = { scope: 'route', target, reason: 'paused', times: { kind: 'always' } };
    const made = await this.create(by, request);
    if (!isRefusal(made)) return true;
    return made.code === 'CLOSURE_EXISTS' ? false : made;
  }

  /** False when it is not paused. */
  async #resume(by: Submitter, target: string): Promise<boolean> {
    const done = await this.#options.db.of(by.tenant).transaction(async (tx) => {
      if (!(await store.deleteAlways(tx, by.tenant, 'route', target))) return false;
      await this.#options.audit(tx, by, 'route.resumed', `route:${target}`, {});
      return true;
    });
    this.#loop?.wake();
    return done;
  }

  #audit(tx: Transaction, by: Submitter, action: string, closure: store.KeptClosure): Promise<void> {
    const { id, scope, target, reason, times } = closure;
    return this.#options.audit(tx, by, action, `${scope}:${target}`, { id, reason, times });
  }

  #viewOf({ id, scope, target, reason, times, createdBy, createdAt }: store.KeptClosure): Closure {
    const closed = isClosed(times, this.#options.clock.now().getTime());
    return { id, scope, target, reason, times, closed, createdBy, createdAt: createdAt.toISOString() };
  }
}

function closedOf(all: readonly Pick<store.KeptClosure, 'tenant' | 'scope' | 'target'>[]): Closed {
  const of = (scope: store.ClosureScope) => all.filter((closure) => closure.scope === scope);
  return {
    routes: new Set(of('route').map(({ target }) => Number(target))),
    sites: new Set(of('site').map(({ tenant, target }) => `${tenant} ${target}`)),
    agents: new Set(of('agent').map(({ tenant, target }) => `${tenant} ${target}`)),
  };
}

function textOf({ routes, sites, agents }: Closed): string {
  return JSON.stringify([routes, sites, agents].map((set) => [...set].sort()));
}

function routeUnknown(id: string): Refusal {
  return refuse('not_found', 'ROUTE_UNKNOWN', `There is no route ${id}.`);
}

function full(): Refusal {
  return refuse('conflict', 'CLOSURES_FULL', `This tenant has ${CLOSURES} maintenance windows and pauses.`, {
    fix: 'Remove those that are over.',
  });
}
