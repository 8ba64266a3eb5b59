/**
 * When a pending job is likely to start: the jobs before it on its route, at the rate at which that route's jobs ended
 * lately. A guess from the recent past, and none at all where that says nothing. Pure.
 */

/** How a route stands for one of its jobs. */
export interface Backlog {
  /** Better jobs on the route, counted up to a bound. */
  readonly ahead: number;
  /** Endings on the route among the tenant's recent events. */
  readonly endings: number;
  /** From the first of these endings until now, milliseconds. */
  readonly spanMs: number;
}

/** What else decides. */
export interface Prospect {
  /** Agents that could run it now. */
  readonly able: number;
  /** Agents that could run it but have no free slot. */
  readonly busy: number;
  /** It may not start earlier, milliseconds from now. */
  readonly notBeforeMs: number | null;
}

/** Fewer endings say nothing about a rate. */
const ENDINGS = 3;

/** Milliseconds from now; null when nothing is known. `most`: so many ahead means "or more". */
export function forecast(backlog: Backlog | null, { able, busy, notBeforeMs }: Prospect, most: number): number | null {
  if (able + busy === 0) return null;
  if (backlog === null) return notBeforeMs;
  // A free agent takes one at once, and so many free agents so many.
  if (backlog.ahead < able) return 0;
  if (backlog.ahead >= most || backlog.endings < ENDINGS || backlog.spanMs <= 0) return null;
  const everyMs = backlog.spanMs / backlog.endings;
  return Math.round((backlog.ahead - able + 1) * everyMs);
}
