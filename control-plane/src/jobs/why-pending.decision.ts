/**
 * "Why is this pending?": for each agent of the tenant, the first condition it does not meet, in the order in which a
 * person would mend them. Pure.
 */
import type { AgentState, WhyPending } from '@casare/shared/api';
import type { Slots } from '@casare/shared/protocol';
import { has, onlyAgent, secretOfLabel, type Route } from './matching.decision.ts';

/** An agent as the question needs it. */
export interface AgentFitness {
  readonly id: string;
  readonly name: string;
  readonly state: AgentState;
  readonly connected: boolean;
  readonly site: string | null;
  readonly labels: ReadonlySet<string>;
  readonly declared: ReadonlySet<string>;
  readonly slots: Slots;
  readonly busy: Slots;
}

/** One agent's answer; the code is stable. */
export interface Unmet {
  readonly code:
    | 'NOT_APPROVED'
    | 'LOCKED'
    | 'NOT_ACTIVE'
    | 'MAINTENANCE'
    | 'OTHER_AGENT'
    | 'OTHER_SITE'
    | 'MISSING_CAPABILITY'
    | 'SECRET_NOT_SEALED'
    | 'NO_SUCH_SLOT'
    | 'OFFLINE'
    | 'NO_FREE_SLOT'
    | 'NONE';
  readonly reason: string;
}

/** Why a job may not run yet, whatever agents there are. */
export interface Wait {
  readonly notBefore: Date | null;
  /** The job that holds its concurrency key. */
  readonly holder: string | null;
  /** An earlier attempt that a person ended may still act. */
  readonly stopping?: boolean;
}

/** How many agents have the same first unmet condition. */
export interface UnmetCount {
  readonly code: string;
  readonly agents: number;
}

/** Why no job of a tenant begins, however many agents are free. */
export type HeldBy = NonNullable<WhyPending['heldBy']>;

/** How the job itself stands. */
export interface Asked {
  readonly wait: Wait | null;
  /** Better jobs on its route. */
  readonly ahead: number;
  /** Its route is paused or in maintenance: why. */
  readonly routeClosed?: string | undefined;
  /** No job of its tenant begins. */
  readonly heldBy?: HeldBy | null;
  /** Agents and sites in maintenance. */
  readonly closed?: { readonly agents: readonly string[]; readonly sites: readonly string[] };
}

/** The first unmet condition of one agent for a route. */
export function firstUnmet(agent: AgentFitness, route: Route, asked: Asked): Unmet {
  const { wait, ahead, closed } = asked;
  const only = route.capabilities.filter((capability) => capability.startsWith(onlyAgent('')));
  if (only.some((capability) => capability !== onlyAgent(agent.id))) {
    return { code: 'OTHER_AGENT', reason: 'the job is for another agent' };
  }
  if (agent.state === 'pending') return { code: 'NOT_APPROVED', reason: 'waits for approval: approve it' };
  if (agent.state === 'locked' || agent.state === 'suspect') return { code: 'LOCKED', reason: `is ${agent.state}` };
  if (agent.state !== 'active') return { code: 'NOT_ACTIVE', reason: `is ${agent.state}` };
  if (closed?.agents.includes(agent.id) || (agent.site !== null && closed?.sites.includes(agent.site))) {
    return { code: 'MAINTENANCE', reason: 'is in a maintenance window, or its site is' };
  }
  if (route.site !== null && agent.site !== route.site) {
    return { code: 'OTHER_SITE', reason: `is at site ${agent.site ?? '(none)'}, the job wants ${route.site}` };
  }
  const lacking = route.capabilities.filter(
    (capability) => !has({ agentId: agent.id, labels: agent.labels }, capability),
  );
  const missing = lacking.find((capability) => secretOfLabel(capability) === null);
  if (missing !== undefined) {
    const hint = agent.declared.has(missing) ? ' (declared by the agent, but neither probed nor granted)' : '';
    return { code: 'MISSING_CAPABILITY', reason: `lacks ${missing}${hint}` };
  }
  const [unsealed] = lacking.map(secretOfLabel).filter((name) => name !== null);
  if (unsealed !== undefined) {
    const fix = `casare secrets reseal ${unsealed} --agent ${agent.name}`;
    return { code: 'SECRET_NOT_SEALED', reason: `the secret ${unsealed} is not sealed to its key: ${fix}` };
  }
  if (agent.slots[route.slot] === 0) {
    return { code: 'NO_SUCH_SLOT', reason: `has no ${route.slot} slot${noScreen(agent, route)}` };
  }
  if (!agent.connected) return { code: 'OFFLINE', reason: 'is not connected' };
  if (agent.busy[route.slot] >= agent.slots[route.slot]) {
    return { code: 'NO_FREE_SLOT', reason: `all ${agent.slots[route.slot]} ${route.slot} slots are busy` };
  }
  if (wait || asked.routeClosed !== undefined || asked.heldBy)
    return { code: 'NONE', reason: 'can run it as soon as it may start' };
  if (ahead > 0) return { code: 'NONE', reason: `can run it: ${jobs(ahead)} better or older before it` };
  return { code: 'NONE', reason: 'can run it: it should start within a second' };
}

/** Of an agent whose worker hosts are in sessions of people: why there is no screen to work on now. */
function noScreen({ labels }: AgentFitness, { slot }: Route): string {
  if (slot !== 'desktop') return '';
  if (labels.has('session=locked')) return ' now: its screen is locked; unlock it';
  return labels.has('session=disconnected') ? ' now: its session is disconnected; connect to it' : '';
}

/** One line for a person. `most`: so many ahead means "or more". */
export function summarise(counts: readonly UnmetCount[], asked: Asked, most: number): string {
  const { wait, ahead, routeClosed, heldBy } = asked;
  if (heldBy?.code === 'TENANT_SUSPENDED') return 'The tenant is suspended: no job begins until it is resumed.';
  if (routeClosed !== undefined) return `Its route is paused or in maintenance: ${routeClosed}.`;
  if (wait?.notBefore) return `It may not start before ${wait.notBefore.toISOString()}.`;
  if (wait?.holder) return `It waits for job ${wait.holder}, which has the same concurrency key.`;
  if (wait?.stopping) return 'It waits until the attempt that a person ended has stopped, or its lease is over.';
  const all = counts.reduce((sum, { agents }) => sum + agents, 0);
  if (all === 0) return 'No agent is enrolled: make a join token and enrol one.';
  const before =
    ahead === 0
      ? ''
      : ` ${ahead >= most ? `${most} jobs or more` : jobs(ahead)} on its route ${ahead === 1 ? 'comes' : 'come'} before it.`;
  const able = agentsOf(counts, 'NONE');
  const busy = agentsOf(counts, 'NO_FREE_SLOT');
  if (heldBy && able + busy > 0) {
    const [limit, used] = [heldBy.limit ?? 0, heldBy.used ?? 0];
    return `It waits for the tenant's quota: ${jobs(limit)} may run at once, and ${used} ${used === 1 ? 'does' : 'do'}.${before}`;
  }
  if (able > 0) return `${able} of ${all} agents can run it now.${before}`;
  if (busy > 0) return `It runs when one of ${busy} busy agents has a free slot.${before}`;
  return `None of ${all} agents can run it.`;
}

/** The agents of one code. */
export function agentsOf(counts: readonly UnmetCount[], code: Unmet['code']): number {
  return counts.find((count) => count.code === code)?.agents ?? 0;
}

/** Answers counted by their code, the most first. */
export function countCodes(answers: readonly Unmet[]): UnmetCount[] {
  const counts = [...Map.groupBy(answers, ({ code }) => code)].map(([code, all]) => ({ code, agents: all.length }));
  return counts.sort((a, b) => b.agents - a.agents || (a.code < b.code ? -1 : 1));
}

/** The further along the table of conditions, the nearer an agent is to running the job: those are named first. */
export function nearestFirst(a: Unmet, b: Unmet): number {
  return NEARNESS.indexOf(b.code) - NEARNESS.indexOf(a.code);
}

const NEARNESS: readonly Unmet['code'][] = [
  'OTHER_AGENT',
  'LOCKED',
  'OTHER_SITE',
  'MISSING_CAPABILITY',
  'SECRET_NOT_SEALED',
  'NO_SUCH_SLOT',
  'NOT_APPROVED',
  'NOT_ACTIVE',
  'MAINTENANCE',
  'OFFLINE',
  'NO_FREE_SLOT',
  'NONE',
];

function jobs(count: number): string {
  return count === 1 ? '1 job' : `${count} jobs`;
}
