/** How agents and their states are said to people, and what can be done in each. */
import type { Agent, AgentAction, AgentState } from '@casare/shared/api';

export const AGENT_STATES: Readonly<Record<AgentState, { readonly name: string; readonly means: string }>> = {
  pending: { name: 'Waits for approval', means: 'It has enrolled, and gets no job before somebody approves it.' },
  active: { name: 'Active', means: 'It gets jobs that it can run.' },
  paused: { name: 'Paused', means: 'It gets no new jobs; what runs goes on.' },
  draining: { name: 'Draining', means: 'It gets no new jobs, and is empty when what runs is over.' },
  suspect: {
    name: 'Suspect',
    means: 'Two processes used its identity at once. It is refused until somebody looks into it.',
  },
  locked: { name: 'Locked', means: 'It is refused, and has stopped its runs as far as it has noticed.' },
  decommissioned: { name: 'Decommissioned', means: 'It was sent away for good. Its row stays, because jobs name it.' },
};

/** What the control plane lets people do, by state. It judges again. */
export const ACTIONS: Readonly<Record<AgentState, readonly AgentAction[]>> = {
  pending: ['approve', 'lock', 'decommission'],
  active: ['pause', 'drain', 'lock', 'decommission'],
  paused: ['resume', 'lock', 'decommission'],
  draining: ['resume', 'lock', 'decommission'],
  suspect: ['lock', 'decommission'],
  locked: ['unlock', 'decommission'],
  decommissioned: [],
};

export const DONE: Readonly<Record<AgentAction, string>> = {
  approve: 'It is approved.',
  pause: 'It is paused.',
  resume: 'It gets jobs again.',
  drain: 'It gets no new jobs.',
  lock: 'It is locked.',
  unlock: 'It is let in again.',
  decommission: 'It is sent away.',
};

/** Slots in use of those that it has, of each kind that it has: `plain 1 of 2`. */
export function slotsWords({ busy, slots }: Pick<Agent, 'busy' | 'slots'>): string {
  const kinds = (['plain', 'browser', 'desktop'] as const).filter((kind) => slots[kind] > 0 || busy[kind] > 0);
  return kinds.length === 0 ? 'none' : kinds.map((kind) => `${kind} ${busy[kind]} of ${slots[kind]}`).join(', ');
}

/** What people say of it that is another now. */
export function changesBetween(before: Agent, now: Agent): string[] {
  const said = ['name', 'site', 'state', 'grants'] as const;
  return said.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]));
}
