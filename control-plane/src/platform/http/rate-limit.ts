/**
 * How often a credential may call: a token bucket for each API key and session, in this replica alone. With two replicas a
 * credential may call twice as often; the bound is there for programs that run wild, not for billing.
 *
 * Answers say how much is left by `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): `q` requests at
 * once, filled anew within `w` seconds; `r` are left, and it is whole again in `t` seconds.
 */
import type { Response } from 'express';
import { refuse } from '../refusal.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { RefusedError } from './problem.ts';

export interface RateLimitOptions {
  /** Requests of one credential in the long run. */
  readonly perSecond: number;
  readonly now?: () => number;
}

/** A rest of so many seconds is saved up. */
const BURST_SECONDS = 10;
/** Credentials remembered. */
const CREDENTIALS = 10_000;

export class RateLimit {
  readonly #buckets: TokenBuckets;
  readonly #policy: string;

  constructor({ perSecond, now = () => performance.now() }: RateLimitOptions) {
    const burst = perSecond * BURST_SECONDS;
    this.#buckets = new TokenBuckets({ burst, perSecond, keys: CREDENTIALS, now });
    this.#policy = `"credential";q=${burst};w=${BURST_SECONDS}`;
  }

  /** Counts a request. @throws RefusedError RATE_LIMITED */
  count(credential: string, response: Response): void {
    const taken = this.#buckets.take(credential);
    response.setHeader('RateLimit-Policy', this.#policy);
    response.setHeader('RateLimit', `"credential";r=${taken.left};t=${Math.ceil(taken.fullSeconds)}`);
    if (taken.allowed) return;
    throw new RefusedError(
      refuse('busy', 'RATE_LIMITED', 'This API key or session calls too often.', {
        detail: 'Nothing was done. Others are not concerned.',
        fix: 'Send it again after the seconds that Retry-After says, and go slower when RateLimit says that little is left.',
        retryAfterSeconds: Math.max(1, Math.ceil(taken.nextSeconds)),
      }),
    );
  }
}
