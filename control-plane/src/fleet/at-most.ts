/** Waits for work, but no longer than `ms`: stopping must end also while the database is away. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../platform/log.ts';

/** Resolves when `work` did or the time is over; a failure is logged under `name`, whenever it comes. */
export async function atMost(ms: number, name: string, work: Promise<unknown>, log: Log): Promise<void> {
  const late = new AbortController();
  const done = work.then(
    () => undefined,
    (error: unknown) => log.warn('stopping was not complete', { part: name, error }),
  );
  const waited = sleep(ms, undefined, { signal: late.signal }).catch(() => undefined);
  await Promise.race([done, waited]);
  late.abort();
}
