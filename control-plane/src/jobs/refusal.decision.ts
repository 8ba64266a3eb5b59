/**
 * What becomes of a job whose agent refused to start it. What is wrong with the agent now (full, stopping, no disk) is
 * no fault of the job: it waits a moment and goes to whoever can. What is wrong with the job ends it.
 */
import type { JobState } from '@casare/shared/api';

/** Refusals that say something about the agent only. */
const OF_THE_AGENT: ReadonlySet<string> = new Set([
  ...['AGENT_NO_SLOT', 'AGENT_STOPPING', 'DISK_FULL', 'OUTBOX_FULL'],
  // Its policy cannot be read. What a policy says of a job is another matter: that ends it.
  ...['POLICY_MISSING', 'POLICY_UNSAFE', 'POLICY_INVALID', 'POLICY_UNREADABLE', 'POLICY_CHANGED'],
]);
/** How long the job stays out of the queue, so that a refusing agent is not asked again and again, milliseconds. */
const AGAIN_MS = 3_000;

/** A refused attempt. */
export interface Refused {
  readonly state: JobState;
  /** The agent's code. */
  readonly code: string;
  /** Attempts of this generation, this one included. */
  readonly attempts: number;
  readonly maxAttempts: number;
}

/** Decides; pure. `end` fails the job, or cancels it when a cancel was asked for. */
export function afterRefusal(refused: Refused): { do: 'again'; afterMs: number } | { do: 'end' } {
  const again =
    refused.state !== 'cancelling' && OF_THE_AGENT.has(refused.code) && refused.attempts < refused.maxAttempts;
  return again ? { do: 'again', afterMs: AGAIN_MS } : { do: 'end' };
}

/** Why a refused job stays where it is: every agent had its turn, or none would take it. */
export function deadReasonOfRefusal(code: string): 'exhausted' | 'permanent' {
  return OF_THE_AGENT.has(code) ? 'exhausted' : 'permanent';
}
