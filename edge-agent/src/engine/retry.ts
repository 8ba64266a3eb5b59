/** How long to wait before a `try` is attempted again, or that it is not: pure arithmetic over a retry policy. */

/** A retry policy with its durations and names resolved; milliseconds. */
export interface RetryPlan {
  readonly delayMs: number;
  readonly backoff: 'constant' | 'linear' | 'exponential';
  readonly jitter: { readonly fromMs: number; readonly toMs: number } | null;
  /** Retries at most: attempts after the first one. */
  readonly count: number;
  /** Time at most from the first attempt's start to the start of the last; null for none. */
  readonly durationMs: number | null;
}

/** Retries without a `limit`. */
export const RETRIES_BY_DEFAULT = 1_000;
/** The longest delay, milliseconds: one day. */
const LONGEST_DELAY_MS = 86_400_000;

/**
 * Milliseconds to wait before the next attempt; `null` when the limits are reached.
 * @param attempt the attempt that failed, from 1
 * @param elapsedMs since the first attempt started
 * @param random from 0 to below 1
 */
export function retryDelay(plan: RetryPlan, attempt: number, elapsedMs: number, random: number): number | null {
  if (attempt > plan.count) return null;
  const factor = plan.backoff === 'constant' ? 1 : plan.backoff === 'linear' ? attempt : 2 ** Math.min(attempt - 1, 40);
  const jitter = plan.jitter === null ? 0 : plan.jitter.fromMs + random * (plan.jitter.toMs - plan.jitter.fromMs);
  const delay = Math.max(0, Math.round(Math.min(plan.delayMs * factor + jitter, LONGEST_DELAY_MS)));
  return plan.durationMs !== null && elapsedMs + delay > plan.durationMs ? null : delay;
}
