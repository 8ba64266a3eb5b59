/**
 * The dispatcher: gives ready jobs to the agents whose tunnels this replica holds (design section 6).
 *
 * free slots x matching routes -> one batched claim -> leases committed -> assignments sent. Wake-ups are coalesced;
 * polling is the truth. A claim whose COMMIT is unknown is found again by the recount, and unaccepted leases are assigned
 * anew.
 */
import type { JobCancel, ServerMessage } from '@casare/shared/protocol';
import { appendJobs, type LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import { BY_KEY, type Database, type Transaction } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import type { Assigned } from './assignment.ts';
import { HeldAgents, NOTHING_CLOSED, type Closed, type DispatchTarget, type KnownLease } from './held-agents.ts';
import type { Assignment } from './job.store.ts';
import { lease, listLeasesOf, type AttemptKey, type LeasedJob, type LeaseRequest } from './lease.store.ts';
import { assign, type Placed, type ReadyJob, type Route } from './matching.decision.ts';
import type { PauseWord } from './pause.store.ts';
import type { ReadyQueue } from './queue.port.ts';
import { fitting, withinRoom } from './quota.decision.ts';
import type { JobQuotas, Room } from './quotas.port.ts';
import { listRoutes } from './route.store.ts';

export interface DispatcherDependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly live: LiveService;
  readonly queue: ReadyQueue;
  readonly quotas: Pick<JobQuotas, 'isLimited' | 'room'>;
  /** `known` is what the job's row said when the lease was just made. */
  readonly build: (key: AttemptKey & { readonly agentId: string }, known?: Assignment) => Promise<Assigned>;
  /** The assignment cannot be built: the attempt ends as refused. */
  readonly refuse: (key: AttemptKey, agentId: string, code: string, reason: string) => Promise<void>;
  /** Jobs got their leases here. */
  readonly onLeased?: (jobs: readonly AttemptKey[]) => void;
  /** How often what is known here is compared with the record, milliseconds. */
  readonly recountMs: number;
}

/** Jobs one claim leases at most: many share what a transaction costs. */
const CLAIM = 500;
/** Assignments built and sent in one turn of the event loop. */
const DELIVERIES = 50;
/** Claims in a row that met places held by others, before it waits for the next turn. */
const RETRIES = 3;
const POLL_MS = 500;
/** Agents that connect are looked at together: one look costs as much as the agents that are there. */
const TOGETHER_MS = 50;
/** Routes that another replica interned are looked for at most this often, milliseconds; those of this one it knows at once. */
const LOOK_MS = 100;
/** Routes commit out of order: the whole list is read again this often. */
const RESCAN_MS = 10_000;
const ROUTE_PAGE = 1_000;
/** Wake-ups between replicas. */
const CHANNEL = 'casare_ready';

const NOBODY: ReadonlySet<string> = new Set();
const NO_LIMIT: Room = { of: new Map(), taken: false };

/** What a claim came to: as many as fit into one, others were held by somebody else, or there is no more to claim. */
type Claimed = 'full' | 'missed' | 'done';

export class Dispatcher {
  readonly #deps: DispatcherDependencies;
  readonly #agents = new HeldAgents();
  #closed = NOTHING_CLOSED;
  #newestRoute = 0;
  #lookedAt = -Infinity;
  #scannedAt = -Infinity;
  #recountedAt = -Infinity;
  #loop: Loop | null = null;
  #stopListening: (() => Promise<void>) | null = null;
  #soon: NodeJS.Timeout | undefined;
  #delivering: Promise<unknown> = Promise.resolve();

  constructor(dependencies: DispatcherDependencies) {
    this.#deps = dependencies;
  }

  async start(): Promise<void> {
    const { db, log } = this.#deps;
    this.#loop = startLoop({ name: 'dispatcher', intervalMs: POLL_MS, log, run: (signal) => this.#run(signal) });
    const subscription = await db.listen(CHANNEL, () => this.#loop?.wake());
    this.#stopListening = () => subscription.close();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#soon);
    await this.#stopListening?.();
    await this.#loop?.stop();
    await this.#delivering;
  }

  /** Jobs became ready: looks now, here and on the other replicas. */
  wake(): void {
    this.#loop?.wake();
    this.#deps.db.notify(CHANNEL);
  }

  /** This replica interned a route. */
  know(route: Route): void {
    this.#agents.addRoute(route);
  }

  /** An agent's tunnel is live; `leases` are those that it holds. */
  connect(target: DispatchTarget, leases: readonly KnownLease[]): void {
    this.#agents.connect(target, leases);
    this.#wakeSoon();
  }

  /** The agent's capabilities, slots or state changed. */
  update(agentId: string, change: Partial<Pick<DispatchTarget, 'labels' | 'slots' | 'active' | 'site'>>): void {
    if (this.#agents.update(agentId, change)) this.#loop?.wake();
  }

  /** The session is over; a newer session of the same agent stays. */
  disconnect(agentId: string, sessionId: string): void {
    this.#agents.disconnect(agentId, sessionId);
  }

  /** How busy the agent's machine is: 1 is one runnable task for each processor. */
  loaded(agentId: string, load: number): void {
    this.#agents.loaded(agentId, load);
  }

  /** Something went wrong with a run there: others are preferred for a while. */
  failed(agentId: string): void {
    this.#agents.failed(agentId, this.#deps.clock.monotonicMs());
  }

  /** The agent's attempt ended: its slot is free again. To be called before the agent is told. */
  released(agentId: string, key: Pick<AttemptKey, 'jobId' | 'attempt'>): void {
    if (this.#agents.release(agentId, key)) this.#loop?.wake();
  }

  /** Tells the agent to cancel, if its tunnel is here; `once`: not if this tunnel carried the cancel already. */
  cancel(agentId: string, message: JobCancel, once = false): void {
    this.#agents.cancel(agentId, message, once);
  }

  /** Tells the agent a person's word about a pause, if its tunnel is here and has not carried it. */
  pause(word: PauseWord): void {
    this.#agents.pause(word);
  }

  /** Sends to the agent if its tunnel is here. */
  send(agentId: string, message: ServerMessage): void {
    this.#agents.send(agentId, message);
  }

  /** Sends over this session; false when the agent has it here no more. */
  sendOver(agentId: string, sessionId: string, message: ServerMessage): boolean {
    return this.#agents.sendOver(agentId, sessionId, message);
  }

  /** What gets no new jobs from now on. */
  close(closed: Closed): void {
    this.#closed = closed;
    this.#agents.close(closed);
    this.#loop?.wake();
  }

  /** False while the route is paused or in maintenance. */
  #mayServe(routeId: number): boolean {
    return !this.#closed.routes.has(routeId);
  }

  /** Agents whose tunnels are here. */
  connected(): readonly DispatchTarget[] {
    return this.#agents.targets();
  }

  /** Slots of the agents whose tunnels are here, and how many of them have a job. */
  occupancy(): { readonly taken: number; readonly slots: number } {
    return this.#agents.occupancy();
  }

  /** Builds and sends the assignment of a lease that the agent has; a lease that cannot be assigned is refused. */
  async deliver(key: AttemptKey, agentId: string, known?: Assignment): Promise<void> {
    const assigned = await this.#deps.build({ ...key, agentId }, known);
    if (assigned.ok) this.#agents.assign(agentId, assigned.message);
    else await this.#deps.refuse(key, agentId, assigned.code, assigned.reason);
  }

  #wakeSoon(ms = TOGETHER_MS): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#loop?.wake();
    }, ms);
  }

  async #run(signal: AbortSignal): Promise<void> {
    await this.#refreshRoutes();
    await this.#recount();
    let retries = 0;
    let outcome: Claimed = 'full';
    while (outcome !== 'done' && !signal.aborted) {
      outcome = await this.#claim();
      retries = outcome === 'missed' ? retries + 1 : 0;
      if (retries > RETRIES) return;
    }
  }

  /** One claim. */
  async #claim(): Promise<Claimed> {
    const wanted = this.#agents.wanted(CLAIM);
    for (const routeId of this.#closed.routes) wanted.delete(routeId);
    if (wanted.size === 0) return 'done';
    const limited = this.#limitedOf(wanted);
    let missed = 0;
    let placed: readonly Placed[] = [];
    let leased: readonly LeasedJob[] = [];
    const claim = async (tx: Transaction): Promise<readonly LeasedJob[]> => {
      const room = await this.#room(tx, limited);
      const asked = room.of.size === 0 ? wanted : withinRoom(wanted, (id) => this.#agents.route(id)?.tenant, room.of);
      missed = room.taken ? 1 : 0;
      if (asked.size === 0) return [];
      const held = await this.#deps.queue.hold(tx, asked, CLAIM);
      const { places } = held;
      missed += held.missed;
      placed = this.place(fitting(places, room.of));
      if (placed.length === 0) return [];
      const { leased: leases, stale } = await lease(tx, placed.map(requestOf));
      // What may not start any more leaves too, or it would stand at the head of its route for ever.
      const taken = new Set([...leases.map(({ jobId }) => jobId), ...stale]);
      await Promise.all([
        this.#deps.queue.take(
          tx,
          places.filter((place) => taken.has(place.jobId)),
        ),
        appendJobs(
          tx,
          leases.map(({ tenant, jobId, attempt }) => ({ tenant, jobId, attempt, state: 'leased' as const })),
          this.#deps.clock.now(),
        ),
      ]);
      return leases;
    };
    // Of the deliveries before this one is over: what was leased is sent about as fast as more is leased.
    await this.#delivering;
    try {
      leased = await this.#deps.db.transaction(claim, { settings: BY_KEY });
    } finally {
      this.placed(placed, leased);
    }
    if (leased.length === CLAIM) return 'full';
    return missed > 0 ? 'missed' : 'done';
  }

  /** Tenants with a limit whose routes are wanted. */
  #limitedOf(wanted: ReadonlyMap<number, number>): ReadonlySet<string> {
    const { quotas } = this.#deps;
    if (!quotas.isLimited()) return NOBODY;
    const tenants = [...wanted.keys()].map((id) => this.#agents.route(id)?.tenant ?? '');
    return new Set(tenants.filter((tenant) => quotas.isLimited(tenant)));
  }

  async #room(tx: Transaction, limited: ReadonlySet<string>): Promise<Room> {
    return limited.size === 0 ? NO_LIMIT : this.#deps.quotas.room(tx, [...limited]);
  }

  /** False: a job of this tenant is leased by a claim alone, which counts what runs. */
  mayPlaceAtOnce(tenant: string): boolean {
    return !this.#deps.quotas.isLimited(tenant);
  }

  /**
   * Places jobs on agents of this replica that have a slot for them now, best first, and promises them the slots until
   * `placed` says what became of it. Jobs that find none are left out.
   */
  place(offered: readonly ReadyJob[]): Placed[] {
    const jobs = offered.filter(({ routeId }) => this.#mayServe(routeId));
    const placings = this.#agents.placings(
      jobs.map(({ routeId }) => routeId),
      this.#deps.clock.monotonicMs(),
    );
    const placed = assign(jobs, placings, Math.random);
    for (const { agentId, route } of placed) this.#agents.promise(agentId, route.slot);
    return placed;
  }

  /** After the COMMIT, or its failure: of `promised`, those of `leased` have their leases and are sent their jobs. */
  placed(promised: readonly Placed[], leased: readonly LeasedJob[]): void {
    const slots = new Map(promised.map(({ job, route }) => [job.jobId, route.slot]));
    for (const { agentId, route } of promised) this.#agents.unpromise(agentId, route.slot);
    for (const key of leased) this.#agents.give(key.agentId, { ...key, slot: slots.get(key.jobId)! });
    if (leased.length === 0) return;
    this.#deps.onLeased?.(leased);
    this.#deps.live.wake();
    // Without a value: one that held the value of the one before would hold all of them.
    this.#delivering = Promise.all([this.#delivering, this.#deliverAll(leased)]).then(() => undefined);
  }

  /** A few in each turn of the event loop: nobody else waits for all of them. What one agent gets leaves together. */
  async #deliverAll(leased: readonly LeasedJob[]): Promise<void> {
    const inLine = [...Map.groupBy(leased, ({ agentId }) => agentId).values()].flat();
    for (let at = 0; at < inLine.length; at += DELIVERIES) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(inLine.slice(at, at + DELIVERIES).map((key) => this.#tryDeliver(key)));
    }
  }

  async #tryDeliver(key: LeasedJob): Promise<void> {
    try {
      await this.deliver(key, key.agentId, key.assignment);
    } catch (error) {
      // The lease stands unaccepted: the sweep assigns it again.
      this.#deps.log.warn('assignment not delivered', { jobId: key.jobId, attempt: key.attempt, error });
    }
  }

  async #recount(): Promise<void> {
    const now = this.#deps.clock.monotonicMs();
    if (now - this.#recountedAt < this.#deps.recountMs) return;
    await this.#agents.recount((agentIds) => listLeasesOf(this.#deps.db, agentIds));
    this.#recountedAt = now;
  }

  async #refreshRoutes(): Promise<void> {
    const now = this.#deps.clock.monotonicMs();
    const ageMs = now - this.#lookedAt;
    // What woke this turn may be a job of a route that is not known here.
    if (ageMs < LOOK_MS) {
      this.#wakeSoon(Math.ceil(LOOK_MS - ageMs));
      return;
    }
    this.#lookedAt = now;
    const rescan = now - this.#scannedAt >= RESCAN_MS;
    let after = rescan ? 0 : this.#newestRoute;
    if (rescan) this.#scannedAt = now;
    for (;;) {
      const routes = await listRoutes(this.#deps.db, after, ROUTE_PAGE);
      for (const route of routes) this.#agents.addRoute(route);
      this.#newestRoute = Math.max(this.#newestRoute, routes.at(-1)?.id ?? 0);
      if (routes.length < ROUTE_PAGE) return;
      after = routes.at(-1)!.id;
    }
  }
}

/** The lease that a placed job is to have. */
export function requestOf({ job: { tenant, jobId }, route, agentId }: Placed): LeaseRequest {
  return { tenant, jobId, agentId, slot: route.slot };
}
