/**
 * Pauses of jobs: what a person's word means for a job as it stands. A job that waits is held back at once; of one that is
 * out, the wish is recorded and the agent told, and the job is paused when the agent says that its run stands still.
 * Whoever is first wins: the job is locked, and a run that ended meanwhile has ended. Pure.
 */
import type { JobState } from '@casare/shared/api';
import type { PauseWish } from '@casare/shared/protocol';
import type { JobEvent } from './job.lifecycle.ts';

/** The attempt that is out, if one is. */
export interface PausedLease {
  /** People's words about it, counted; odd: paused. */
  readonly pauseWord: number;
}

export type PauseVerdict =
  /** It is as the person wants it. */
  | { readonly do: 'nothing' }
  /** Out of the queue, or back to where it may be promoted. */
  | { readonly do: 'move'; readonly event: Extract<JobEvent, 'hold' | 'release'> }
  /** The attempt's agent is told. */
  | { readonly do: 'tell'; readonly word: number }
  /** Its agent is too old to be told. */
  | { readonly do: 'cannot' }
  /** Of a job in this state nobody can say so. */
  | { readonly do: 'refuse' };

/** The wish about an attempt. */
export function isPauseWanted({ pauseWord }: PausedLease): boolean {
  return pauseWord % 2 === 1;
}

/** What the agent is told about an attempt; null when nobody has said anything. */
export function wishOf({ pauseWord }: PausedLease): PauseWish | null {
  return pauseWord === 0 ? null : { word: pauseWord, paused: isPauseWanted({ pauseWord }) };
}

/** Somebody pauses the job. */
export function pause(state: JobState, lease: (PausedLease & { readonly agentPauses: boolean }) | null): PauseVerdict {
  if (lease === null) {
    if (state === 'pending') return { do: 'move', event: 'hold' };
    return state === 'paused' ? { do: 'nothing' } : { do: 'refuse' };
  }
  if (!STEERED.includes(state)) return { do: 'refuse' };
  if (isPauseWanted(lease)) return { do: 'nothing' };
  return lease.agentPauses ? { do: 'tell', word: lease.pauseWord + 1 } : { do: 'cannot' };
}

/** Somebody takes a pause back. */
export function resume(state: JobState, lease: PausedLease | null): PauseVerdict {
  if (lease === null) {
    if (state === 'paused') return { do: 'move', event: 'release' };
    return state === 'pending' ? { do: 'nothing' } : { do: 'refuse' };
  }
  if (!STEERED.includes(state)) return { do: 'refuse' };
  return isPauseWanted(lease) ? { do: 'tell', word: lease.pauseWord + 1 } : { do: 'nothing' };
}

/** Cancelled or asked about, an attempt is paused by nobody any more. */
const STEERED: readonly JobState[] = ['leased', 'running', 'paused'];
