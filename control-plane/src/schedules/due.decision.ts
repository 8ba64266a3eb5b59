/** Which times of a schedule are due, which were missed, and what comes next. Pure; times are milliseconds since 1970. */
import type { CatchUp } from '@casare/shared/api';

/** The times of a schedule, one after the other. */
export interface Times {
  /** The first after a moment; null when there is none. */
  next(after: number): number | null;
  /** The last before a moment. */
  previous(before: number): number | null;
}

export interface Due {
  /** To be submitted, oldest first. */
  readonly run: readonly number[];
  /** The first and the last of those that are not; there may be more between them. */
  readonly missed: { readonly from: number; readonly until: number } | null;
  /** The first time after now. */
  readonly nextAt: number | null;
}

/** A time that is acted on so late is still on time, milliseconds: a replica takes over, a database answers again. */
export const ON_TIME_MS = 60_000;
/** Times shown ahead. */
const AHEAD = 5;

/** What is due at `now` of a schedule whose first undecided time is `nextAt`. */
export function due(nextAt: number, now: number, catchUp: CatchUp, times: Times): Due {
  if (nextAt > now) return { run: [], missed: null, nextAt };
  const most = catchUp.kind === 'all' ? catchUp.limit : 1;
  const run: number[] = [];
  let before = now + 1;
  while (run.length < most) {
    const time = times.previous(before);
    if (time === null || time < nextAt) break;
    run.unshift(time);
    before = time;
  }
  // Unless the rules of the zone changed since it was computed, it is among them.
  if (run.length === 0) run.push(nextAt);
  const next = times.next(now);
  if (catchUp.kind === 'none' && now - run[0]! > ON_TIME_MS) {
    return { run: [], missed: { from: nextAt, until: run[0]! }, nextAt: next };
  }
  const until = run[0]! > nextAt ? times.previous(run[0]!) : null;
  const missed = until === null ? null : { from: Math.min(nextAt, until), until };
  return { run, missed, nextAt: next };
}

/** The times to come. */
export function nextRuns(from: number, times: Times): number[] {
  const found: number[] = [];
  for (let at = times.next(from); at !== null && found.length < AHEAD; at = times.next(at)) found.push(at);
  return found;
}
