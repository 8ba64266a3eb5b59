/** How states, times, sizes and errors are said to people. */
import type { DeadReason, JobState, Step } from '@casare/shared/api';
import { ApiError } from '@casare/shared/client';
import { CHANGED_MEANWHILE } from './ui/as-seen.ts';

export const STATE_WORDS: Readonly<Record<JobState | Step['state'], string>> = {
  pending: 'Pending',
  leased: 'Starting',
  running: 'Running',
  paused: 'Paused',
  cancelling: 'Cancelling',
  succeeded: 'Succeeded',
  failed: 'Failed',
  timed_out: 'Timed out',
  needs_review: 'Needs review',
  cancelled: 'Cancelled',
  completed: 'Done',
  skipped: 'Skipped',
  interrupted: 'Interrupted',
};

/** What doing a step twice would mean. */
export const EFFECT_WORDS: Readonly<Record<Step['effect'], string>> = {
  idempotent: 'It only reads: doing it again does no harm.',
  checkable: 'Whether it was done can be looked up.',
  unsafe: 'It must not be done twice.',
};

/** Why a job is not tried again by itself. */
export const DEAD_WORDS: Readonly<Record<DeadReason, string>> = {
  permanent: 'It would fail again',
  ambiguous: 'A step may have acted',
  exhausted: 'Its tries are used up',
};

/** What went wrong, and what to do; never a stack or a code alone. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) {
    return error.problem.code === 'PRECONDITION_FAILED' ? CHANGED_MEANWHILE : error.message;
  }
  if (error instanceof Error && error.name === 'ZodError') {
    return 'The control plane answered something that this page does not understand. Load the page again: it may have been updated.';
  }
  return error instanceof Error ? error.message : 'Something went wrong. Load the page again.';
}

/** A length of time such as `840 ms`, `3.2 s`, `4 min 12 s`. */
export function durationWords(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' });

/** How long ago `then` was, as `now` stands: `2 minutes ago`. */
export function agoWords(then: number, now: number): string {
  for (const [unit, ms] of UNITS) {
    if (now - then >= ms) return relative.format(-Math.floor((now - then) / ms), unit);
  }
  return 'just now';
}

/** How long it is until `then`, as `now` stands: `in 2 minutes`. */
export function untilWords(then: number, now: number): string {
  for (const [unit, ms] of UNITS) {
    if (then - now >= ms) return relative.format(Math.floor((then - now) / ms), unit);
  }
  return 'in a moment';
}

/** The zone of the reader, such as `Europe/Berlin`. */
export const READERS_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

const WALL: Intl.DateTimeFormatOptions = {
  ...{ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
  ...{ hour: '2-digit', minute: '2-digit' },
};

/** What the clocks of a zone show at a time: `Mon, 5 Jan 2026, 06:30`. A zone that the browser does not know is said to be one. */
export function wallWords(time: string, timeZone: string = READERS_ZONE): string {
  try {
    return new Intl.DateTimeFormat('en-GB', { ...WALL, timeZone }).format(new Date(time));
  } catch {
    return 'a zone that this browser does not know';
  }
}
/** The exact time in the reader's zone. */
export function exactWords(time: string): string {
  return exact.format(new Date(time));
}

/** A size such as `12.3 KB`. */
export function bytesWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
