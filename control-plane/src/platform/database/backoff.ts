/** Waiting between tries: a doubling ceiling, half of it random, so that many waiters do not return at once. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Backoff {
  /** Ceiling of the first wait, in milliseconds. */
  readonly baseMs: number;
  /** Ceiling of every later wait, in milliseconds. */
  readonly capMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Milliseconds to wait before try `attempt` + 1; `attempt` counts from 1. */
export function backoffMs(attempt: number, backoff: Backoff): number {
  const ceiling = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + (backoff.random() * ceiling) / 2);
}

/** Waits; ends early, without throwing, when `signal` is aborted. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
