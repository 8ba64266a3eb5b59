/**
 * A rate limit by client address: a token bucket each, for the last 10,000 addresses; one that was forgotten starts
 * anew. IPv6 clients own a whole /64, so they are counted by it.
 */
import { isIPv6 } from 'node:net';
import type { Clock } from '../platform/clock.ts';

export interface AddressLimitOptions {
  readonly clock: Clock;
  /** Requests at once after a rest. */
  readonly burst: number;
  /** In the long run. */
  readonly perMinute: number;
  /** Addresses remembered. */
  readonly addresses?: number;
}

export class AddressLimit {
  readonly #options: AddressLimitOptions;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(options: AddressLimitOptions) {
    this.#options = options;
  }

  /** Takes one request of the address's allowance; false when it is used up. */
  take(address: string): boolean {
    const { clock, burst, perMinute, addresses = 10_000 } = this.#options;
    const key = clientOf(address);
    const at = clock.monotonicMs();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at };
    const tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 60_000) * perMinute);
    const allowed = tokens >= 1;
    // Set anew, so that the map's order is the order of use and the first is the longest unused.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at });
    if (this.#buckets.size > addresses) this.#buckets.delete(this.#buckets.keys().next().value!);
    return allowed;
  }
}

function clientOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail = ''] = plain.split('%')[0]!.split('::');
  const [first, last] = [head.split(':').filter(Boolean), tail.split(':').filter(Boolean)];
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}
