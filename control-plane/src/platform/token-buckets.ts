/**
 * Token buckets, one for each key, for the keys used last; one that was forgotten starts anew, full. A bucket fills steadily and
 * holds `burst` at most.
 */
export interface BucketOptions {
  /** Taken at once after a rest. */
  readonly burst: number;
  /** In the long run. */
  readonly perSecond: number;
  /** Keys remembered. */
  readonly keys: number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** What is left after one was asked for. */
export interface Taken {
  readonly allowed: boolean;
  /** Whole ones that are left. */
  readonly left: number;
  /** Seconds until there is one again: 0 while there is. */
  readonly nextSeconds: number;
  /** Seconds until it is full. */
  readonly fullSeconds: number;
}

export class TokenBuckets {
  readonly #options: BucketOptions;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  /** Takes one, if there is one. */
  take(key: string): Taken {
    const { burst, perSecond, keys, now } = this.#options;
    const at = now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at };
    const filled = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1_000) * perSecond);
    const allowed = filled >= 1;
    const tokens = allowed ? filled - 1 : filled;
    // Set anew, so that the map's order is the order of use and the first is the longest unused.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens, at });
    if (this.#buckets.size > keys) this.#buckets.delete(this.#buckets.keys().next().value!);
    return {
      allowed,
      left: Math.floor(tokens),
      nextSeconds: tokens >= 1 ? 0 : (1 - tokens) / perSecond,
      fullSeconds: (burst - tokens) / perSecond,
    };
  }
}
