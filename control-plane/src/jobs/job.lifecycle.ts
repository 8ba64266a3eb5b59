/**
 * The life of a job as data (design section 5). Every change of `job.state` goes through this table: decisions call
 * `next`, SQL repeats the guard with `sourcesOf`.
 *
 * A cancel may lose the race: a run that completed or failed before the cancel reached it ends as what it was
 * (ADR 0006). A job that waits for a review because its agent fell silent keeps its lease: an agent that comes back goes
 * on, and the job is what it was before. A person's review, or their cancel, takes the lease away. Whoever is first wins.
 *
 * `retryLater` is a failure that the job's retry policy answers with another attempt of the same generation: that a job
 * was cancelled or waits for a person forbids it.
 */
import type { JobState } from '@casare/shared/api';
import type { RunEventBody } from '@casare/shared/protocol';
import type { Table } from '@casare/shared/lifecycle';

/** What can happen to a job. */
export type JobEvent =
  | 'lease'
  | 'refuse'
  | 'start'
  | 'complete'
  | 'fail'
  | 'timeOut'
  | 'suspend'
  | 'cancel'
  | 'cancelled'
  | 'requeue'
  | 'retryLater'
  | 'deadline'
  /** The record was restored from a backup: the job may have run since, and nobody knows. */
  | 'doubt'
  /** The deadline passed before its assignment reached the agent; the lease ends with it. */
  | 'tooLate'
  /** The silent agent is back: with a run under way, with one that had not begun, with one to be cancelled. */
  | 'resume'
  | 'resumeUnstarted'
  | 'resumeCancelling'
  | 'reviewRetry'
  | 'reviewSucceed'
  | 'reviewFail'
  | 'retry';

const ending = {
  complete: 'succeeded',
  fail: 'failed',
  timeOut: 'timed_out',
  suspend: 'needs_review',
  cancelled: 'cancelled',
} as const;

export const JOB: Table<JobState, JobEvent> = {
  pending: { lease: 'leased', cancel: 'cancelled', deadline: 'timed_out', doubt: 'needs_review' },
  leased: {
    tooLate: 'timed_out',
    start: 'running',
    refuse: 'failed',
    fail: 'failed',
    timeOut: 'timed_out',
    cancel: 'cancelling',
    requeue: 'pending',
    retryLater: 'pending',
    suspend: 'needs_review',
  },
  running: { ...ending, start: 'running', cancel: 'cancelling', requeue: 'pending', retryLater: 'pending' },
  paused: { ...ending, start: 'running', cancel: 'cancelling', requeue: 'pending', retryLater: 'pending' },
  cancelling: { ...ending, start: 'cancelling', refuse: 'cancelled', requeue: 'pending' },
  needs_review: {
    resume: 'running',
    resumeUnstarted: 'leased',
    resumeCancelling: 'cancelling',
    cancel: 'cancelled',
    reviewRetry: 'pending',
    reviewSucceed: 'succeeded',
    reviewFail: 'failed',
  },
  succeeded: {},
  failed: { retry: 'pending' },
  timed_out: { retry: 'pending' },
  cancelled: { retry: 'pending' },
};

/** The job event that a run event stands for; `null` for events that change no state. */
export function jobEventOf(body: RunEventBody): JobEvent | null {
  switch (body.type) {
    case 'run.started':
      return 'start';
    case 'run.completed':
      return 'complete';
    case 'run.failed':
      return 'fail';
    case 'run.timed_out':
      return 'timeOut';
    case 'run.cancelled':
      return 'cancelled';
    case 'run.suspended':
      return 'suspend';
    default:
      return null;
  }
}

/** What the return of a silent agent means for a job that waits for a person because of it. */
export function resumeEventOf(run: { readonly started: boolean; readonly cancelling: boolean }): JobEvent {
  if (run.cancelling) return 'resumeCancelling';
  return run.started ? 'resume' : 'resumeUnstarted';
}

/** States in which a job is over until a person acts. */
export const ENDED: readonly JobState[] = ['succeeded', 'failed', 'timed_out', 'cancelled'];

/** The error of a job whose deadline passed before it began. */
export const JOB_DEADLINE = {
  type: 'about:blank',
  status: 408,
  code: 'JOB_DEADLINE',
  title: 'The deadline passed before an agent could start it.',
} as const;
