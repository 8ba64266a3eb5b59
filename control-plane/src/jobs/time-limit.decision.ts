/**
 * Time limits of a job and of an attempt. The agent ends a run whose time is over, hung worker or not; the server does it
 * when an agent does not (it is old, or hangs itself). Pure.
 *
 * Invariant 3: the server never ends an attempt from which a step that must not be repeated can be reached: it asks a
 * person, and the lease stays, so that an agent that answers after all can settle the job.
 */
import type { JobState } from '@casare/shared/api';
import type { JobAssign, WorkflowError } from '@casare/shared/protocol';

type TimeLimit = NonNullable<JobAssign['timeLimit']>;

/** What an assignment tells the agent: whichever limit is reached first. Less than nothing is left of neither. */
export function timeLimitOf(jobLeftMs: number | null, attemptMs: number | null): TimeLimit | null {
  const whole = (ms: number): number => Math.max(1, Math.ceil(ms));
  if (jobLeftMs !== null && (attemptMs === null || jobLeftMs <= attemptMs)) return { ms: whole(jobLeftMs), of: 'job' };
  return attemptMs === null ? null : { ms: whole(attemptMs), of: 'attempt' };
}

/** An attempt that is still on record although its time is over. */
export interface Overdue {
  readonly state: JobState;
  readonly unsafeReachable: boolean;
  readonly openUnsafe: string | null;
}

export type OverdueVerdict =
  | { readonly do: 'leave' }
  | { readonly do: 'timeOut' }
  | { readonly do: 'review'; readonly position: string | null; readonly reason: string };

/** Decides. A cancel that was asked for, or a person who was, goes before the clock. */
export function afterTimeLimit(overdue: Overdue): OverdueVerdict {
  if (overdue.state === 'cancelling' || overdue.state === 'needs_review') return { do: 'leave' };
  if (!overdue.unsafeReachable) return { do: 'timeOut' };
  return {
    do: 'review',
    position: overdue.openUnsafe,
    reason: 'Its time is over and its agent did not end it: a step that must not be repeated blindly may have run.',
  };
}

/** The error of a time that is over. */
export function timeLimitError(of: TimeLimit['of']): WorkflowError {
  const title = { job: 'The time of the job is over.', attempt: 'The time of the attempt is over.' };
  const code = { job: 'JOB_TIMEOUT', attempt: 'ATTEMPT_TIMEOUT' };
  return { type: 'about:blank', status: 408, code: code[of], title: title[of] };
}
