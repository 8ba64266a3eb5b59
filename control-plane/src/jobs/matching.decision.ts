/**
 * Which agent may run which job, decided without the database: routes are few and agents are known in memory.
 *
 * Only what was probed or granted counts (design section 2); what an agent declares about itself routes nothing.
 */
import type { SlotKind, Slots } from '@casare/shared/protocol';

/** A set of requirements shared by many jobs. */
export interface Route {
  readonly id: number;
  readonly tenant: string;
  readonly slot: SlotKind;
  readonly site: string | null;
  readonly capabilities: readonly string[];
}

/** What the dispatcher knows of a connected agent. */
export interface Candidate {
  readonly tenant: string;
  readonly agentId: string;
  readonly site: string | null;
  /** Probed capabilities and grants together. */
  readonly labels: ReadonlySet<string>;
  readonly free: Slots;
}

/** True when the agent meets every requirement of the route, slots aside. */
export function satisfies(agent: Omit<Candidate, 'free'>, route: Route): boolean {
  return (
    agent.tenant === route.tenant &&
    (route.site === null || route.site === agent.site) &&
    route.capabilities.every((capability) => agent.labels.has(capability))
  );
}

/** How many jobs to ask for on each route: the free slots of the agents that satisfy it, at most `limit`. */
export function wantedOf(agents: readonly Candidate[], routes: readonly Route[], limit: number): Map<number, number> {
  const wanted = new Map<number, number>();
  for (const route of routes) {
    let free = 0;
    for (const agent of agents)
      if (agent.free[route.slot] > 0 && satisfies(agent, route)) free += agent.free[route.slot];
    if (free > 0) wanted.set(route.id, Math.min(free, limit));
  }
  return wanted;
}

/** A job of the ready queue, best first. */
export interface ReadyJob {
  readonly jobId: string;
  readonly tenant: string;
  readonly routeId: number;
}

/**
 * Gives jobs to agents in the order given, each to the satisfying agent with the most free slots of the kind; jobs
 * that find none are left out and stay in the queue.
 */
export function assign(
  jobs: readonly ReadyJob[],
  agents: readonly Candidate[],
  routes: ReadonlyMap<number, Route>,
): { job: ReadyJob; route: Route; agentId: string }[] {
  const free = new Map(agents.map((agent) => [agent.agentId, { ...agent.free }]));
  const placed: { job: ReadyJob; route: Route; agentId: string }[] = [];
  for (const job of jobs) {
    const route = routes.get(job.routeId);
    if (!route) continue;
    let best: Candidate | null = null;
    for (const agent of agents) {
      const left = free.get(agent.agentId)![route.slot];
      if (left > 0 && satisfies(agent, route) && (!best || left > free.get(best.agentId)![route.slot])) best = agent;
    }
    if (!best) continue;
    free.get(best.agentId)![route.slot] -= 1;
    placed.push({ job, route, agentId: best.agentId });
  }
  return placed;
}

/** The canonical text of a route: equal requirements, equal key. */
export function routeKey(slot: SlotKind, site: string | null, capabilities: readonly string[]): string {
  return JSON.stringify([slot, site, [...new Set(capabilities)].sort()]);
}
