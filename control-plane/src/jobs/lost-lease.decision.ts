/**
 * The lost-lease decision (design section 6): what becomes of an attempt whose agent is silent beyond lease + margin.
 *
 * Invariant 3: an attempt that may have started an unsafe step is never queued again; a person is asked. The agent
 * never starts an unsafe step outside its lease, so what is acknowledged plus what is reachable bounds what it can
 * have done.
 */
import type { JobState } from '@casare/shared/api';
import type { OnDisconnect } from '@casare/shared/protocol';

/** What is known of the attempt when its lease ran out. */
export interface LostLease {
  readonly state: JobState;
  /** Milliseconds since the last moment at which the agent may have believed in its lease. */
  readonly silentMs: number;
  readonly onDisconnect: OnDisconnect;
  /** The record was restored from a backup under the attempt: what was acknowledged later is forgotten. */
  readonly restored: boolean;
  readonly disconnectGraceMs: number;
  /** Is an unsafe step reachable from the last acknowledged record? */
  readonly unsafeReachable: boolean;
  /** Position of an unsafe step acknowledged as started and not as ended. */
  readonly openUnsafe: string | null;
  /** Attempts of this generation, this one included. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** The agent came back without its records: waiting for it is pointless. */
  readonly recordsLost: boolean;
}

/** What to do about it. */
export type LostLeaseVerdict =
  | { readonly do: 'requeue' }
  | { readonly do: 'cancel' }
  | { readonly do: 'fail' }
  /** `null`: until the agent writes again, or a person decides. */
  | { readonly do: 'wait'; readonly forMs: number | null }
  | { readonly do: 'review'; readonly position: string | null; readonly reason: string };

/** Decides; pure. */
export function afterLostLease(lost: LostLease): LostLeaseVerdict {
  // A person was asked and may be about to answer: the sweep does not decide over their head.
  if (lost.state === 'needs_review') return { do: 'wait', forMs: null };
  // An acknowledged start would be on record, unless the record is older than it.
  const holds = lost.onDisconnect === 'hold' && !lost.restored;
  const mayHaveActed = lost.openUnsafe !== null || (!holds && lost.unsafeReachable);
  if (!mayHaveActed) {
    if (lost.state === 'cancelling') return { do: 'cancel' };
    return lost.attempts < lost.maxAttempts ? { do: 'requeue' } : { do: 'fail' };
  }
  if (!lost.recordsLost && lost.silentMs < lost.disconnectGraceMs) {
    return { do: 'wait', forMs: lost.disconnectGraceMs - lost.silentMs };
  }
  return {
    do: 'review',
    position: lost.openUnsafe,
    reason: lost.openUnsafe
      ? `The agent fell silent during the step at ${lost.openUnsafe}, which must not be repeated blindly.`
      : 'The agent fell silent where a step that must not be repeated blindly may have run.',
  };
}
