/**
 * The list of jobs in memory, newest first, as pages and changes come in. Pure.
 *
 * Invariants: ids are UUIDv7, so sorting by id is sorting by age; there are no gaps between the first and the last
 * item; at most `MOST` jobs are kept, and then `full` says that older ones are left out.
 */
import type { Job, JobState } from '@casare/shared/api';

export const MOST = 500;

export interface JobPageOf {
  readonly items: readonly Job[];
  readonly nextCursor: string | null;
}

export interface JobList {
  readonly items: readonly Job[];
  /** Where older jobs begin; null when there are none. */
  readonly cursor: string | null;
  readonly full: boolean;
}

/** Takes in the newest page: it is the truth about its range; what is older stays. */
export function withNewest(list: JobList | null, page: JobPageOf): JobList {
  const last = page.items.at(-1);
  const older = list !== null && last !== undefined ? list.items.filter(({ id }) => id < last.id) : [];
  const overlaps = list?.items.some(({ id }) => last !== undefined && id >= last.id) ?? false;
  // Without overlap there may be jobs between the two that nobody has read.
  if (list === null || page.nextCursor === null || older.length === 0 || !overlaps) {
    return { items: page.items, cursor: page.nextCursor, full: false };
  }
  return bounded({ ...list, items: [...page.items, ...older] });
}

/** Appends the next older page. */
export function withOlder(list: JobList, page: JobPageOf): JobList {
  const last = list.items.at(-1);
  const items = page.items.filter(({ id }) => last === undefined || id < last.id);
  return bounded({ ...list, items: [...list.items, ...items], cursor: page.nextCursor });
}

/** Puts changed jobs in their places; those that no longer fit the filter leave. */
export function withChanged(list: JobList, changed: readonly Job[], state: JobState | null): JobList {
  const news = new Map(changed.map((job) => [job.id, job]));
  const items = list.items
    .map((job) => news.get(job.id) ?? job)
    .filter((job) => state === null || job.state === state || !news.has(job.id));
  return { ...list, items };
}

function bounded(list: JobList): JobList {
  if (list.items.length <= MOST) return list;
  return { items: list.items.slice(0, MOST), cursor: null, full: true };
}
