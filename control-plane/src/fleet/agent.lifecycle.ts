/**
 * An agent's states as data (design section 5). Presence, connected or not, is separate from state: a locked agent may
 * have been connected a moment ago, an active one may be away.
 */
import type { AgentAction, AgentState } from '@casare/shared/api';
import type { Table } from '@casare/shared/lifecycle';

/**
 * What people do to an agent, what the control plane does when it sees two holders of one identity, and how an agent
 * leaves a lock of trust: back to the state that it had before.
 */
export type AgentEvent =
  AgentAction | 'suspect' | 'returnPending' | 'returnPaused' | 'returnDraining' | 'returnSuspect';

const anywhere = { lock: 'locked', decommission: 'decommissioned' } as const;
const working = { ...anywhere, suspect: 'suspect' } as const;

export const AGENT: Table<AgentState, AgentEvent> = {
  pending: { ...anywhere, approve: 'active' },
  active: { ...working, pause: 'paused', drain: 'draining' },
  paused: { ...working, resume: 'active' },
  draining: { ...working, resume: 'active' },
  suspect: { ...anywhere },
  locked: {
    unlock: 'active',
    decommission: 'decommissioned',
    returnPending: 'pending',
    returnPaused: 'paused',
    returnDraining: 'draining',
    returnSuspect: 'suspect',
  },
  decommissioned: {},
};

/** Where each action leads. An agent that is there already is left as it is: an action twice is the same as once. */
export const LEADS_TO: Readonly<Record<AgentAction, AgentState>> = {
  approve: 'active',
  pause: 'paused',
  resume: 'active',
  drain: 'draining',
  lock: 'locked',
  unlock: 'active',
  decommission: 'decommissioned',
};

/** How an agent leaves its last lock, by the state that it had before; the others have no way back. */
export const RETURNS: Readonly<Partial<Record<AgentState, AgentEvent>>> = {
  active: 'unlock',
  pending: 'returnPending',
  paused: 'returnPaused',
  draining: 'returnDraining',
  suspect: 'returnSuspect',
};

/** True for an agent that may be given new jobs. */
export function mayWork(state: AgentState): boolean {
  return state === 'active';
}
