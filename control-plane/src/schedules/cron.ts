/**
 * Cron expressions by the wall clock of a time zone, read by croner (ADR 0030): five fields, or a name such as `@daily`.
 *
 * When the clocks go forward, a time that is left out comes at the jump. When they go back, a time of day that comes twice
 * counts once, the first time; what runs in every hour runs in both. `cron.test.ts` holds the library to this.
 */
import { Cron } from 'croner';
import { refuse, type Refusal } from '../platform/refusal.ts';
import type { Times } from './due.decision.ts';

/** Read expressions kept in memory; the oldest are forgotten. */
const KEPT = 1_000;
const read = new Map<string, Times>();

/** The times of an expression; a refusal that says what is wrong with it, or that it never comes. */
export function timesOf(cron: string, timeZone: string): Times | Refusal {
  const key = `${timeZone} ${cron}`;
  const known = read.get(key);
  if (known) return known;
  let times: Times;
  try {
    times = new CronTimes(cron, timeZone);
  } catch (error) {
    return invalid(cron, (error as Error).message.replace(/^CronPattern: /, ''));
  }
  // From a fixed moment: what comes once in many years comes within them.
  if (times.next(Date.UTC(2026, 0, 1)) === null) return invalid(cron, 'There is no such day.');
  if (read.size >= KEPT) read.delete(read.keys().next().value!);
  read.set(key, times);
  return times;
}

class CronTimes implements Times {
  readonly #cron: Cron;

  constructor(cron: string, timezone: string) {
    this.#cron = new Cron(cron, { timezone, paused: true, ...(cron.startsWith('@') ? {} : { mode: '5-part' }) });
  }

  next(after: number): number | null {
    return this.#cron.nextRun(new Date(after))?.getTime() ?? null;
  }

  previous(before: number): number | null {
    return this.#cron.previousRuns(1, new Date(before))[0]?.getTime() ?? null;
  }
}

function invalid(cron: string, why: string): Refusal {
  return refuse('unprocessable', 'SCHEDULE_CRON_INVALID', `"${cron}" is no cron expression that can be used.`, {
    detail: why,
    fix: 'Write minute, hour, day of month, month and day of week, such as `30 6 * * 1-5`.',
  });
}
