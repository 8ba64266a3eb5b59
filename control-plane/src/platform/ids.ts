/**
 * Identifiers: UUIDv7 (RFC 9562, section 5.7), so that rows sort and partition by time, and random tokens.
 *
 * Invariant: ids of one maker rise strictly, also within one millisecond and when the wall clock steps back: the
 * 12 bits after the version count within a millisecond (section 6.2, method 1), an overflow borrows from the next one.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Makes ids. */
export interface Ids {
  /** The next UUIDv7, lower case. */
  next(): string;
}

/** Random bytes of a cryptographic generator. */
export type Random = (bytes: number) => Buffer;

const COUNTER_LIMIT = 0x1000;
/** Starting in the lower half leaves room for 2,048 ids in each millisecond. */
const COUNTER_START = 0x800;
const ENTROPY_BYTES = 10;
/** Ids whose entropy is fetched at once: a call of the generator costs as much as several ids. */
const FETCHED = 256;

/** An id maker for one process. */
export function createIds(clock: Clock, random: Random = randomBytes): Ids {
  let lastMs = 0;
  let counter = 0;
  let fetched: Buffer = Buffer.alloc(0);
  const draw = (): Buffer => {
    if (fetched.length < ENTROPY_BYTES) fetched = random(ENTROPY_BYTES * FETCHED);
    const entropy = fetched.subarray(0, ENTROPY_BYTES);
    fetched = fetched.subarray(ENTROPY_BYTES);
    return entropy;
  };
  return {
    next() {
      const ms = clock.now().getTime();
      const entropy = draw();
      if (ms > lastMs) {
        lastMs = ms;
        counter = entropy.readUInt16BE(8) % COUNTER_START;
      } else if (++counter >= COUNTER_LIMIT) {
        lastMs += 1;
        counter = 0;
      }
      return format(lastMs, counter, entropy);
    },
  };
}

/** The smallest UUIDv7 of that moment, milliseconds since 1970. */
export function firstIdAt(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** When a UUIDv7 was made, milliseconds since 1970. */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** A random token of `bytes` bytes, base64url: 32 bytes give 43 characters. */
export function randomToken(bytes = 32, random: Random = randomBytes): string {
  return random(bytes).toString('base64url');
}

function format(ms: number, counter: number, entropy: Buffer): string {
  const time = ms.toString(16).padStart(12, '0');
  const count = counter.toString(16).padStart(3, '0');
  // Variant 10 in the upper two bits.
  const variant = ((entropy[0]! & 0x3f) | 0x80).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${variant}${entropy.toString('hex', 1, 2)}-${entropy.toString('hex', 2, 8)}`;
}
