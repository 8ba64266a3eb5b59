/**
 * How many letters people of one tenant have sent by asking for them: the server and the name that they are sent by are the
 * operator's, and the addresses are whatever somebody enters. In this replica alone, as the rate of requests is.
 */
import type { Clock } from '../clock.ts';
import { TokenBuckets } from '../token-buckets.ts';

/** At once after a rest. */
export const LETTERS = 50;
/** In the long run: one in so many seconds. */
const SECONDS = 30;
/** Tenants remembered. */
const TENANTS = 10_000;

/** Asked by the tenant's id before each letter. */
export function letterLimit(clock: Pick<Clock, 'monotonicMs'>): TokenBuckets {
  return new TokenBuckets({ burst: LETTERS, perSecond: 1 / SECONDS, keys: TENANTS, now: () => clock.monotonicMs() });
}
