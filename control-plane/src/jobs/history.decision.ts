/**
 * Which days of history there should be. A day is a partition of `job` and of what belongs to its jobs: the range of the
 * UUIDv7 that are made between two midnights, UTC.
 */
import { firstIdAt } from '../platform/ids.ts';

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

/** The ids of the day's jobs: from the first one on, before the last one. */
export function idsOf(day: Day): { from: string; before: string } {
  return { from: firstIdAt(startOf(day)), before: firstIdAt(startOf(day) + DAY_MS) };
}

function dayOf(date: Date): Day {
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}

function startOf(day: Day): number {
  return Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`);
}
