/**
 * What a request for the next certificate is answered with. Pure.
 *
 * Whoever asks with a certificate that was superseded is a second holder of the identity, with one exception: whoever
 * proves the key of a working certificate asks again for what it was given, perhaps over the session of the one before.
 */
import type { AgentState, CaState } from '@casare/shared/api';
import { refusalOfState } from './admission.decision.ts';

/** A certificate of the agent that works, next to the request. */
export interface Candidate {
  readonly serial: string;
  readonly state: 'pending' | 'current';
  readonly caState: CaState;
  readonly issuedAt: Date;
  readonly notAfter: Date;
  /** It is for the key of the request. */
  readonly sameKey: boolean;
}

export interface RenewalCase {
  /** Serial of the certificate that the request stands on. */
  readonly presented: string;
  readonly agentState: AgentState;
  readonly working: readonly Candidate[];
  /** Certificates that the agent was given within the life of one. */
  readonly issuedLately: number;
}

export type RenewalVerdict =
  | { readonly do: 'issue' }
  /** Answer with this certificate: it was asked for before. */
  | { readonly do: 'repeat'; readonly serial: string }
  | { readonly do: 'refuse'; readonly code: RenewalCode }
  | { readonly do: 'lock' };

export type RenewalCode = 'AGENT_LOCKED' | 'AGENT_DECOMMISSIONED' | 'KEY_REUSED' | 'RENEWAL_QUOTA';

/** Certificates for one agent within the life of one: rotations, lost answers and restarts stay far below. */
export const QUOTA = 60;

export function verdictOf({ presented, agentState, working, issuedLately }: RenewalCase, now: Date): RenewalVerdict {
  const refusal = refusalOfState(agentState);
  if (refusal !== null) return { do: 'refuse', code: refusal };
  const same = working.find(({ sameKey }) => sameKey);
  const stands = working.some(({ serial }) => serial === presented);
  if (same?.serial === presented) return { do: 'refuse', code: 'KEY_REUSED' };
  // What would have to be renewed at once is not handed out again.
  if (same && (same.state === 'current' || isFresh(same, now))) return { do: 'repeat', serial: same.serial };
  if (!stands) return { do: 'lock' };
  return issuedLately < QUOTA ? { do: 'issue' } : { do: 'refuse', code: 'RENEWAL_QUOTA' };
}

function isFresh({ caState, issuedAt, notAfter }: Candidate, now: Date): boolean {
  return caState === 'active' && now.getTime() < (issuedAt.getTime() + notAfter.getTime()) / 2;
}
