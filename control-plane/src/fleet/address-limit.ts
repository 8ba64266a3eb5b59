/**
 * A rate limit by client address: a token bucket each, for the last 10,000 addresses; one that was forgotten starts
 * anew. IPv6 clients own a whole /64, so they are counted by it.
 */
import { isIPv6 } from 'node:net';
import type { Clock } from '../platform/clock.ts';
import { TokenBuckets } from '../platform/token-buckets.ts';

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
  readonly #buckets: TokenBuckets;

  constructor({ clock, burst, perMinute, addresses: keys = 10_000 }: AddressLimitOptions) {
    this.#buckets = new TokenBuckets({ burst, perSecond: perMinute / 60, keys, now: () => clock.monotonicMs() });
  }

  /** Takes one request of the address's allowance; false when it is used up. */
  take(address: string): boolean {
    return this.#buckets.take(clientOf(address)).allowed;
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
