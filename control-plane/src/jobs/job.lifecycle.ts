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
 *
 * A job is paused with its lease, once its run stands still, or without one, held back from the queue (ADR 0051). Which of
 * the two it is decides what may happen to it: `pause.decision.ts`.
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
  /** The silent agent is back: with a run under way, with one that had not begun, one to be cancelled, one that is paused. */
  | 'resume'
  | 'resumeUnstarted'
  | 'resumeCancelling'
  | 'resumePaused'
  /** A person holds a waiting job back, and lets it go. */
  | 'hold'
  | 'release'
  /** Its run stands still, and goes on. */
  | 'pause'
  | 'goOn'
  /** A person ends one that is held back. */
  | 'cancelHeld'
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
  pending: { lease: 'leased', cancel: 'cancelled', deadline: 'timed_out', doubt: 'needs_review', hold: 'paused' },
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
  running: {
    ...ending,
    start: 'running',
    pause: 'paused',
    goOn: 'running',
    cancel: 'cancelling',
    requeue: 'pending',
    retryLater: 'pending',
  },
  paused: {
    ...ending,
    // A worker that is started anew stands still too, until it says that it goes on.
    start: 'paused',
    pause: 'paused',
    goOn: 'running',
    cancel: 'cancelling',
    requeue: 'pending',
    retryLater: 'pending',
    release: 'pending',
    cancelHeld: 'cancelled',
    deadline: 'timed_out',
    doubt: 'needs_review',
  },
  cancelling: {
    ...ending,
    start: 'cancelling',
    pause: 'cancelling',
    goOn: 'cancelling',
    refuse: 'cancelled',
    requeue: 'pending',
  },
  needs_review: {
    resume: 'running',
    resumeUnstarted: 'leased',
    resumeCancelling: 'cancelling',
    resumePaused: 'paused',
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
    case 'run.paused':
      return 'pause';
    case 'run.resumed':
      return 'goOn';
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
export function resumeEventOf(run: {
  readonly started: boolean;
  readonly cancelling: boolean;
  /** A person paused it, and has not taken that back. */
  readonly paused: boolean;
}): JobEvent {
  if (run.cancelling) return 'resumeCancelling';
  if (!run.started) return 'resumeUnstarted';
  return run.paused ? 'resumePaused' : 'resume';
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
