/**
 * Which agents of this replica satisfy which routes, and how many slots are free for each route: kept up to date as
 * agents, routes and leases come and go, so that a claim asks for what it can place and compares nothing.
 *
 * Invariants: a route's agents are exactly those connected ones that satisfy it and are active; its free slots are the sum
 * of theirs of its kind (less than none counts as none). Cost: an agent that comes is compared with the routes of its
 * tenant, a new route with the agents of its tenant, a lease touches the routes of its agent. Bounds: as many agents as
 * tunnels, as many routes as there are on record (`ROUTES_PER_TENANT` in `route.store.ts`).
 */
import type { SlotKind, Slots } from '@casare/shared/protocol';
import { satisfies, type Candidate, type Route } from './matching.decision.ts';

/** An agent as the index keeps it. */
export interface IndexedAgent extends Omit<Candidate, 'free'> {
  readonly slots: Slots;
  /** An agent that is not gets nothing new. */
  readonly active: boolean;
}

interface Entry {
  readonly agent: IndexedAgent;
  readonly free: Record<SlotKind, number>;
  readonly routes: Set<Place>;
}

interface Place {
  readonly route: Route;
  readonly agents: Set<Entry>;
  free: number;
}

interface Tenant {
  readonly agents: Set<Entry>;
  readonly places: Set<Place>;
}

export class RouteIndex {
  readonly #agents = new Map<string, Entry>();
  readonly #places = new Map<number, Place>();
  readonly #tenants = new Map<string, Tenant>();
  /** Routes with a free slot. */
  readonly #open = new Set<Place>();

  /** The agent is there, or is another one than before; `taken`: slots that its leases take. */
  put(agent: IndexedAgent, taken: Slots): void {
    this.drop(agent.agentId);
    const { slots } = agent;
    const free = { plain: 0, browser: 0, desktop: 0 };
    for (const kind of Object.keys(free) as SlotKind[]) free[kind] = slots[kind] - taken[kind];
    const entry: Entry = { agent, free, routes: new Set() };
    this.#agents.set(agent.agentId, entry);
    const tenant = this.#tenant(agent.tenant);
    tenant.agents.add(entry);
    for (const place of tenant.places) this.#join(entry, place);
  }

  drop(agentId: string): void {
    const entry = this.#agents.get(agentId);
    if (entry === undefined) return;
    for (const place of entry.routes) {
      place.agents.delete(entry);
      this.#count(place, -room(entry, place));
    }
    this.#agents.delete(agentId);
    this.#tenants.get(entry.agent.tenant)?.agents.delete(entry);
  }

  /** A slot of the agent was taken (-1) or is free again (1). */
  change(agentId: string, slot: SlotKind, by: 1 | -1): void {
    const entry = this.#agents.get(agentId);
    if (entry === undefined) return;
    const before = Math.max(0, entry.free[slot]);
    entry.free[slot] += by;
    const difference = Math.max(0, entry.free[slot]) - before;
    if (difference === 0) return;
    for (const place of entry.routes) if (place.route.slot === slot) this.#count(place, difference);
  }

  /** A route is on record. Repeating it changes nothing: routes never change. */
  add(route: Route): void {
    if (this.#places.has(route.id)) return;
    const place: Place = { route, agents: new Set(), free: 0 };
    this.#places.set(route.id, place);
    const tenant = this.#tenant(route.tenant);
    tenant.places.add(place);
    for (const entry of tenant.agents) this.#join(entry, place);
  }

  route(id: number): Route | undefined {
    return this.#places.get(id)?.route;
  }

  /** How many jobs can be placed on each route: its free slots, at most `limit`. */
  wanted(limit: number): Map<number, number> {
    return new Map([...this.#open].map(({ route, free }) => [route.id, Math.min(free, limit)]));
  }

  /** The agents that may run a job of the route now. */
  candidates(routeId: number): { readonly agentId: string; readonly free: number; readonly slots: number }[] {
    const place = this.#places.get(routeId);
    if (place === undefined) return [];
    const { slot } = place.route;
    return [...place.agents]
      .filter(({ free }) => free[slot] > 0)
      .map(({ agent, free }) => ({ agentId: agent.agentId, free: free[slot], slots: agent.slots[slot] }));
  }

  #join(entry: Entry, place: Place): void {
    if (!entry.agent.active || !satisfies(entry.agent, place.route)) return;
    entry.routes.add(place);
    place.agents.add(entry);
    this.#count(place, room(entry, place));
  }

  #count(place: Place, difference: number): void {
    place.free += difference;
    if (place.free > 0) this.#open.add(place);
    else this.#open.delete(place);
  }

  #tenant(name: string): Tenant {
    const known = this.#tenants.get(name);
    if (known !== undefined) return known;
    const tenant: Tenant = { agents: new Set(), places: new Set() };
    this.#tenants.set(name, tenant);
    return tenant;
  }
}

function room(entry: Entry, { route }: Place): number {
  return Math.max(0, entry.free[route.slot]);
}
