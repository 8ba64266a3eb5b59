/**
 * Which agent may run which job, decided without the database: routes are few and agents are known in memory.
 *
 * Only what was probed or granted counts (design section 2); what an agent declares about itself routes nothing.
 */
import type { SlotKind } from '@casare/shared/protocol';
import { choose, type Choice } from './choice.decision.ts';

/** A set of requirements shared by many jobs. */
export interface Route {
  readonly id: number;
  readonly tenant: string;
  readonly slot: SlotKind;
  readonly site: string | null;
  readonly capabilities: readonly string[];
}

/** What routes ask of an agent. */
export interface Candidate {
  readonly tenant: string;
  readonly agentId: string;
  readonly site: string | null;
  /** Probed capabilities and grants together. */
  readonly labels: ReadonlySet<string>;
}

/** True when the agent meets every requirement of the route, slots aside. */
export function satisfies(agent: Candidate, route: Route): boolean {
  return (
    agent.tenant === route.tenant &&
    (route.site === null || route.site === agent.site) &&
    route.capabilities.every((capability) => has(agent, capability))
  );
}

/** The requirement that only this agent meets. Every agent has its own, and no grant gives it another's. */
export function onlyAgent(agentId: string): string {
  return `${ONLY}${agentId}`;
}

/** Whether the agent has what is required; `agent=…` is its own name and nothing that can be granted. */
export function has({ agentId, labels }: Pick<Candidate, 'agentId' | 'labels'>, capability: string): boolean {
  return capability.startsWith(ONLY) ? capability === onlyAgent(agentId) : labels.has(capability);
}

/** The requirement of a job that uses a sealed secret: only agents that it is sealed to have it. */
export function secretLabel(name: string): string {
  return `${SECRET}${name}`;
}

/** The secret that a requirement names; null when it is of another kind. */
export function secretOfLabel(capability: string): string | null {
  return capability.startsWith(SECRET) ? capability.slice(SECRET.length) : null;
}

const ONLY = 'agent=';
const SECRET = 'secret=';

/** A job of the ready queue, best first. */
export interface ReadyJob {
  readonly jobId: string;
  readonly tenant: string;
  readonly routeId: number;
}

/** A route with the agents that may run its jobs now. */
export interface Placing {
  readonly route: Route;
  readonly agents: readonly (Choice & { readonly agentId: string })[];
}

/** A job and the agent that it goes to. */
export interface Placed {
  readonly job: ReadyJob;
  readonly route: Route;
  readonly agentId: string;
}

/**
 * Gives jobs to agents in the order given, each to the best one that still has a free slot (`choose`); jobs that find
 * none are left out and stay in the queue. An agent may stand in several placings: what it is given on one route is taken
 * on all routes of that slot kind.
 */
export function assign(
  jobs: readonly ReadyJob[],
  placings: ReadonlyMap<number, Placing>,
  random: () => number,
): Placed[] {
  const slots = new Map<string, { free: number }>();
  const choices = new Map<number, Chosen[]>();
  const placed: Placed[] = [];
  for (const job of jobs) {
    const placing = placings.get(job.routeId);
    if (!placing) continue;
    const among = choices.get(job.routeId) ?? chosenFrom(placing, slots);
    choices.set(job.routeId, among);
    const best = choose(among, random());
    if (!best) continue;
    best.shared.free -= 1;
    placed.push({ job, route: placing.route, agentId: best.agentId });
  }
  return placed;
}

/** A choice whose free slots are counted once for all routes. */
interface Chosen extends Choice {
  readonly agentId: string;
  readonly shared: { free: number };
}

function chosenFrom({ route, agents }: Placing, slots: Map<string, { free: number }>): Chosen[] {
  return agents.map((agent) => {
    const key = `${agent.agentId} ${route.slot}`;
    const shared = slots.get(key) ?? { free: agent.free };
    slots.set(key, shared);
    return {
      ...agent,
      shared,
      get free() {
        return shared.free;
      },
    };
  });
}

/** The canonical text of a route: equal requirements, equal key. */
export function routeKey(slot: SlotKind, site: string | null, capabilities: readonly string[]): string {
  return JSON.stringify([slot, site, [...new Set(capabilities)].sort()]);
}
