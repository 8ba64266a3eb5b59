/** Waiting for a condition of another process: asked again and again, for a bounded time. */
import { setTimeout as pause } from 'node:timers/promises';

/** The first answer of `ask` that is not null; rejects after `withinMs` with what was waited for, or when `failed` does. */
export async function until<T>(
  what: string,
  withinMs: number,
  failed: Promise<never>,
  ask: () => Promise<T | null>,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await Promise.race([ask(), failed]);
    if (answer !== null) return answer;
    if (Date.now() > deadline)
      throw new Error(`TIMED_OUT: ${what} took longer than ${withinMs / 1_000} s; look at the logs.`);
    await Promise.race([pause(50), failed]);
  }
}
