/**
 * The nonces of enrolment: random, good for two minutes and one use.
 *
 * They are authenticated instead of remembered, so that asking for nonces costs the server nothing and any replica
 * accepts them; only used ones are remembered, at most 10,000, and at that bound enrolment waits. A nonce replayed to
 * another replica brings the same request, and the same request gets the same certificate.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';

export const NONCE_MS = 120_000;

const TIME_BYTES = 6;
const RANDOM_BYTES = 16;
const TAG_BYTES = 16;
const USED_LIMIT = 10_000;

export class EnrolNonces {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #limit: number;
  /** Used nonces and when they end, in the order in which they were used. */
  readonly #used = new Map<string, number>();

  /** `key` is shared by all replicas. */
  constructor(key: Uint8Array, clock: Clock, limit: number = USED_LIMIT) {
    this.#key = key;
    this.#clock = clock;
    this.#limit = limit;
  }

  create(): { readonly nonce: string; readonly expiresAt: Date } {
    const end = this.#clock.now().getTime() + NONCE_MS;
    const body = Buffer.alloc(TIME_BYTES + RANDOM_BYTES);
    body.writeUIntBE(end, 0, TIME_BYTES);
    randomBytes(RANDOM_BYTES).copy(body, TIME_BYTES);
    return { nonce: Buffer.concat([body, this.#tag(body)]).toString('base64url'), expiresAt: new Date(end) };
  }

  /** Uses a nonce up. `full`: too many enrolments at once, try again. */
  use(nonce: string): 'used' | 'invalid' | 'full' {
    const now = this.#clock.now().getTime();
    const end = this.#endOf(nonce);
    if (end === null || end <= now || this.#used.has(nonce)) return 'invalid';
    this.#forget(now);
    if (this.#used.size >= this.#limit) return 'full';
    this.#used.set(nonce, end);
    return 'used';
  }

  /** When the nonce ends, if it is one of ours in its one spelling. */
  #endOf(nonce: string): number | null {
    const bytes = Buffer.from(nonce, 'base64url');
    const body = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES);
    const tag = bytes.subarray(TIME_BYTES + RANDOM_BYTES);
    if (tag.length !== TAG_BYTES || bytes.toString('base64url') !== nonce) return null;
    return timingSafeEqual(tag, this.#tag(body)) ? body.readUIntBE(0, TIME_BYTES) : null;
  }

  #forget(now: number): void {
    for (const [nonce, end] of this.#used) if (end <= now) this.#used.delete(nonce);
  }

  #tag(body: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(body).digest().subarray(0, TAG_BYTES);
  }
}
