/**
 * The agents whose tunnels this replica holds, and which leases each has as far as this replica knows.
 *
 * Invariants: an assignment is sent only while its lease is known here, which ends before the agent is told that the
 * run's ending is committed: an agent never gets a run again that it has just forgotten. A cancel that came before its
 * assignment is repeated after it. What is known here can be wrong for a while (a lost COMMIT, another replica's
 * decision); `recount` puts it right, and the database never leases by it.
 */
import type { JobAssign, JobCancel, ServerMessage, SlotKind, Slots } from '@casare/shared/protocol';
import type { AttemptKey } from './lease.store.ts';
import { faded } from './choice.decision.ts';
import type { Placing, Route } from './matching.decision.ts';
import { isPauseWanted } from './pause.decision.ts';
import type { PauseWord } from './pause.store.ts';
import { RouteIndex } from './route-index.ts';

/** An agent whose tunnel this replica holds. */
export interface DispatchTarget {
  readonly tenant: string;
  readonly agentId: string;
  readonly sessionId: string;
  readonly site: string | null;
  /** Probed capabilities and grants. */
  readonly labels: ReadonlySet<string>;
  readonly slots: Slots;
  /** False while paused, draining or locked: it finishes what it has and gets nothing new. */
  readonly active: boolean;
  /** It knows what a pause is; one that does not is told of none. */
  readonly pauses?: boolean;
  readonly send: (message: ServerMessage) => void;
}

/** What an agent was given. */
export interface KnownLease {
  readonly jobId: string;
  readonly attempt: number;
  readonly slot: SlotKind;
}

interface Given {
  readonly attempt: number;
  readonly slot: SlotKind;
  /** Was asked for on this tunnel. */
  cancel: JobCancel | null;
  /** A person's word about a pause; the latest. */
  pause: PauseWord | null;
}

interface Held {
  readonly target: DispatchTarget;
  readonly given: Map<string, Given>;
}

/** What gets no new jobs for now; sites and agents with their tenant before them. */
export interface Closed {
  readonly routes: ReadonlySet<number>;
  readonly sites: ReadonlySet<string>;
  readonly agents: ReadonlySet<string>;
}

export const NOTHING_CLOSED: Closed = { routes: new Set(), sites: new Set(), agents: new Set() };

/** Reads the leases of these agents. */
export type ReadLeases = (agentIds: readonly string[]) => Promise<readonly (KnownLease & { agentId: string })[]>;

/** Of so many agents at most it is remembered what went wrong there lately; the oldest are forgotten first. */
const FAILING = 20_000;

export class HeldAgents {
  readonly #held = new Map<string, Held>();
  readonly #index = new RouteIndex();
  #closed = NOTHING_CLOSED;
  /** Slots of agents that are promised to a claim or a submit under way; they outlive a session. */
  readonly #promised = new Map<string, Record<SlotKind, number>>();
  /** What agents said of their machines. */
  readonly #loads = new Map<string, number>();
  /** Failures of agents, also of some that are away, as of the moment `at` (monotonic, milliseconds). */
  readonly #failures = new Map<string, { readonly count: number; readonly at: number }>();
  /** Leases that ended while a recount reads; null while none does. */
  #ended: Set<string> | null = null;

  connect(target: DispatchTarget, leases: readonly KnownLease[]): void {
    const given = leases.map(({ jobId, attempt, slot }): [string, Given] => [
      jobId,
      { attempt, slot, cancel: null, pause: null },
    ]);
    this.#keep({ target, given: new Map(given) });
  }

  /** Agents that are closed, by themselves or with their site, get nothing new. */
  close(closed: Closed): void {
    const was = this.#closed;
    this.#closed = closed;
    for (const held of this.#held.values()) {
      if (isClosed(held.target, was) !== isClosed(held.target, closed)) this.#keep(held);
    }
  }

  /** A route is on record. */
  addRoute(route: Route): void {
    this.#index.add(route);
  }

  update(agentId: string, change: Partial<Pick<DispatchTarget, 'labels' | 'slots' | 'active' | 'site'>>): boolean {
    const held = this.#held.get(agentId);
    if (held) this.#keep({ ...held, target: { ...held.target, ...change } });
    return held !== undefined;
  }

  /** A newer session of the same agent stays. */
  disconnect(agentId: string, sessionId: string): void {
    if (this.#held.get(agentId)?.target.sessionId !== sessionId) return;
    this.#held.delete(agentId);
    this.#loads.delete(agentId);
    this.#index.drop(agentId);
  }

  /** The agent said how busy its machine is: 1 is one runnable task for each processor. */
  loaded(agentId: string, load: number): void {
    if (this.#held.has(agentId)) this.#loads.set(agentId, load);
  }

  /** Something went wrong with a run on this agent. */
  failed(agentId: string, now: number): void {
    const count = this.#failuresOf(agentId, now) + 1;
    this.#failures.delete(agentId);
    this.#failures.set(agentId, { count, at: now });
    if (this.#failures.size > FAILING) this.#failures.delete(this.#failures.keys().next().value!);
  }

  /** Promises a slot of the agent until `unpromise`: nobody else places a job there meanwhile. */
  promise(agentId: string, slot: SlotKind): void {
    const promised = this.#promised.get(agentId) ?? { plain: 0, browser: 0, desktop: 0 };
    promised[slot] += 1;
    this.#promised.set(agentId, promised);
    this.#index.change(agentId, slot, -1);
  }

  unpromise(agentId: string, slot: SlotKind): void {
    const promised = this.#promised.get(agentId);
    if (!promised) return;
    promised[slot] -= 1;
    if (Object.values(promised).every((n) => n === 0)) this.#promised.delete(agentId);
    this.#index.change(agentId, slot, 1);
  }

  /** The agent has this lease now. */
  give(agentId: string, lease: KnownLease): void {
    const held = this.#held.get(agentId);
    if (held) this.#take(held, lease);
  }

  /** The attempt ended; true when that freed a slot here. */
  release(agentId: string, key: Pick<AttemptKey, 'jobId' | 'attempt'>): boolean {
    this.#ended?.add(`${key.jobId} ${key.attempt}`);
    const held = this.#held.get(agentId);
    if (held?.given.get(key.jobId)?.attempt !== key.attempt) return false;
    this.#free(held, key.jobId);
    return true;
  }

  /** Sends the assignment if the agent still has the lease. */
  assign(agentId: string, message: JobAssign): void {
    const held = this.#held.get(agentId);
    const given = held?.given.get(message.jobId);
    if (!held || given?.attempt !== message.attempt) return;
    held.target.send(message);
    if (given.cancel) held.target.send(given.cancel);
    if (given.pause) held.target.send(messageOf(given.pause));
  }

  /** Sends the cancel if the tunnel is here; `once`: not if this tunnel carried it already. */
  cancel(agentId: string, message: JobCancel, once = false): void {
    const held = this.#held.get(agentId);
    const given = held?.given.get(message.jobId);
    if (!held || (once && given?.cancel)) return;
    if (given?.attempt === message.attempt) given.cancel = message;
    held.target.send(message);
  }

  /** Sends a word about a pause if the tunnel is here, has not carried it, nor a later one. */
  pause(word: PauseWord): void {
    const held = this.#held.get(word.agentId);
    const given = held?.given.get(word.jobId);
    if (!held?.target.pauses || given?.attempt !== word.attempt) return;
    if (given.pause !== null && given.pause.pauseWord >= word.pauseWord) return;
    given.pause = word;
    held.target.send(messageOf(word));
  }

  /** Sends to the agent if its tunnel is here. */
  send(agentId: string, message: ServerMessage): void {
    this.#held.get(agentId)?.target.send(message);
  }

  /** Sends over this session; false when the agent has it here no more. */
  sendOver(agentId: string, sessionId: string, message: ServerMessage): boolean {
    const target = this.#held.get(agentId)?.target;
    if (target?.sessionId !== sessionId) return false;
    target.send(message);
    return true;
  }

  targets(): DispatchTarget[] {
    return [...this.#held.values()].map((held) => held.target);
  }

  /** Slots of all of them, and how many have a job. */
  occupancy(): { readonly taken: number; readonly slots: number } {
    let [taken, slots] = [0, 0];
    for (const { target, given } of this.#held.values()) {
      taken += given.size;
      slots += target.slots.plain + target.slots.browser + target.slots.desktop;
    }
    return { taken, slots };
  }

  route(id: number): Route | undefined {
    return this.#index.route(id);
  }

  /** How many jobs can be placed on each route, at most `limit` each. */
  wanted(limit: number): Map<number, number> {
    return this.#index.wanted(limit);
  }

  /** The agents that may run jobs of these routes now, and what is known of them. */
  placings(routeIds: Iterable<number>, now: number): Map<number, Placing> {
    const placings = new Map<number, Placing>();
    for (const id of new Set(routeIds)) {
      const route = this.#index.route(id);
      if (!route) continue;
      const agents = this.#index.candidates(id).map((agent) => ({
        ...agent,
        load: this.#loads.get(agent.agentId) ?? 0,
        failures: this.#failuresOf(agent.agentId, now),
      }));
      placings.set(id, { route, agents });
    }
    return placings;
  }

  /** Compares with the leases on record; true when a slot became free. No claim of this replica may be under way. */
  async recount(read: ReadLeases): Promise<boolean> {
    const before = new Map([...this.#held].map(([id, { given }]) => [id, { given, jobs: [...given.keys()] }]));
    if (before.size === 0) return false;
    const ended = (this.#ended = new Set<string>());
    try {
      const byAgent = Map.groupBy(await read([...before.keys()]), (lease) => lease.agentId);
      let freed = false;
      for (const [agentId, { given, jobs }] of before) {
        // An agent that came back meanwhile was given what is on record now.
        const held = this.#held.get(agentId);
        if (held?.given !== given) continue;
        const leases = new Map((byAgent.get(agentId) ?? []).map((lease) => [lease.jobId, lease]));
        for (const jobId of jobs) if (!leases.has(jobId)) freed = this.#free(held, jobId) || freed;
        for (const lease of leases.values()) {
          if (given.get(lease.jobId)?.attempt === lease.attempt || ended.has(`${lease.jobId} ${lease.attempt}`))
            continue;
          this.#take(held, lease);
        }
      }
      return freed;
    } finally {
      this.#ended = null;
    }
  }

  #keep(held: Held): void {
    const taken = { plain: 0, browser: 0, desktop: 0, ...this.#promised.get(held.target.agentId) };
    for (const { slot } of held.given.values()) taken[slot] += 1;
    this.#held.set(held.target.agentId, held);
    const { target } = held;
    this.#index.put(isClosed(target, this.#closed) ? { ...target, active: false } : target, taken);
  }

  #take({ target, given }: Held, { jobId, attempt, slot }: KnownLease): void {
    const before = given.get(jobId);
    if (before) this.#index.change(target.agentId, before.slot, 1);
    given.set(jobId, { attempt, slot, cancel: null, pause: null });
    this.#index.change(target.agentId, slot, -1);
  }

  #free({ target, given }: Held, jobId: string): boolean {
    const before = given.get(jobId);
    if (before) this.#index.change(target.agentId, before.slot, 1);
    return given.delete(jobId);
  }

  #failuresOf(agentId: string, now: number): number {
    const failures = this.#failures.get(agentId);
    return failures === undefined ? 0 : faded(failures.count, now - failures.at);
  }
}

function messageOf({ jobId, attempt, pauseWord }: PauseWord): ServerMessage {
  const type = isPauseWanted({ pauseWord }) ? 'job.pause' : 'job.resume';
  return { type, jobId, attempt, word: pauseWord };
}

function isClosed({ tenant, agentId, site }: DispatchTarget, { agents, sites }: Closed): boolean {
  return agents.has(`${tenant} ${agentId}`) || (site !== null && sites.has(`${tenant} ${site}`));
}
