/**
 * `agent.leave`: an agent goes for good at its own word. Nobody can undo that, so whoever says it is judged like one that
 * greets.
 *
 * Invariant: while a session of the agent is open nobody leaves in its name. When both processes answer, its identity has two
 * holders: it is suspect, and both are ended.
 * Bound: a session may be one that is over and whose end is not on record yet; that is waited for `withinMs`.
 */
import { CLOSE } from '@casare/shared/protocol';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../platform/clock.ts';
import type { AdmittedPeer } from '../trust/index.ts';
import type { Ending, Session } from './session-context.ts';

export interface Leaving {
  /** Decommissions the agent; false while it has a session, here or elsewhere. */
  readonly leave: (peer: AdmittedPeer) => Promise<boolean>;
  /** Its session on this replica. */
  readonly atWork: () => Session | undefined;
  /** Puts on record that two live, and ends that session. */
  readonly suspect: (other: Session) => Promise<void>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly withinMs: number;
}

const LOOK_AGAIN_MS = 250;

/** How the session of the one that leaves is to end. Rejects when the database fails. */
export async function leaveForGood(session: Session, leaving: Leaving): Promise<Ending> {
  const { leave, atWork, suspect, clock, withinMs } = leaving;
  const end = clock.monotonicMs() + withinMs;
  for (;;) {
    if (await leave(session.peer)) return { code: CLOSE.left, reason: 'the agent was decommissioned' };
    const other = atWork();
    if (other !== undefined && (await session.answersNow()) && (await other.answersNow())) {
      await suspect(other);
      return { code: CLOSE.locked, reason: 'the agent is suspect' };
    }
    if (session.state === 'closed' || clock.monotonicMs() >= end) break;
    await setTimeout(LOOK_AGAIN_MS);
  }
  return { code: CLOSE.goingAway, reason: 'another session of the agent is open' };
}
