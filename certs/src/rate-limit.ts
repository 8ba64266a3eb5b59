/**
 * The signer's rate limit: an allowance per CA. It bounds what a stolen connection to the signer can issue before
 * somebody notices; it is not a scheduler, so nothing waits here: a refused caller tries again later.
 */

/** Asked before each signature. */
export interface RateLimit {
  /** Takes one signature of `issuer`'s allowance; false when it is used up. */
  take(issuer: string): boolean;
}

export interface RateLimitOptions {
  /** Signatures per minute and CA in the long run. */
  perMinute: number;
  /** Signatures a CA may make at once after a rest. */
  burst: number;
  now: () => Date;
}

/**
 * Makes a rate limit. It remembers one number per CA that was ever asked for; the signer bounds how many those are.
 * When the clock goes back, a CA waits for one signature's interval at most.
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const interval = 60_000 / options.perMinute;
  /** When each CA will have earned its whole burst again, milliseconds. */
  const fullAt = new Map<string, number>();
  return {
    take(issuer) {
      const now = options.now().getTime();
      const full = Math.min(Math.max(fullAt.get(issuer) ?? now, now), now + options.burst * interval);
      const allowed = full - now <= (options.burst - 1) * interval;
      fullAt.set(issuer, allowed ? full + interval : full);
      return allowed;
    },
  };
}
