/**
 * Which days of history there should be. A day is a partition of `job` and of what belongs to its jobs: the range of the
 * UUIDv7 that are made between two midnights, UTC.
 */
/** `20261125`. */
export type Day = string;

/** Days made ahead, today not counted: a control plane may be down for a weekend. */
export const AHEAD_DAYS = 3;
const DAY_MS = 86_400_000;

/** Today and the days ahead, oldest first. */
export function wantedDays(now: Date): Day[] {
  return Array.from({ length: AHEAD_DAYS + 1 }, (_, ahead) => dayOf(new Date(now.getTime() + ahead * DAY_MS)));
}

/** Of `days` those that ended more than `keepDays` days ago, oldest first. */
export function expiredDays(days: readonly Day[], now: Date, keepDays: number): Day[] {
  const oldest = now.getTime() - keepDays * DAY_MS;
  return days.filter((day) => startOf(day) + DAY_MS <= oldest).toSorted();
}

/** When the day begins and ends, milliseconds since 1970. */
export function rangeOf(day: Day): { from: number; before: number } {
  return { from: startOf(day), before: startOf(day) + DAY_MS };
}

/**
 * The first and the last of these jobs' ids. Every statement that finds jobs by a list of ids says them too: only the days
 * between them are opened, of the hundred that there may be.
 */
export function boundsOf(jobs: readonly { readonly jobId: string }[]): [first: string, last: string] {
  let [first, last] = [jobs[0]!.jobId, jobs[0]!.jobId];
  for (const { jobId } of jobs) {
    if (jobId < first) first = jobId;
    else if (jobId > last) last = jobId;
  }
  return [first, last];
}

function dayOf(date: Date): Day {
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}

function startOf(day: Day): number {
  return Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`);
}
