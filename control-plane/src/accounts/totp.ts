/**
 * Codes of an authenticator: TOTP (RFC 6238) over HOTP (RFC 4226) with what every authenticator takes, HMAC-SHA-1, six
 * digits, steps of 30 s. Our own: it is twenty lines on node:crypto, checked against the RFC's vectors, in the room where
 * a dependency would be trusted most.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** RFC 4226 asks for 128 bits and recommends 160. */
export const SECRET_BYTES = 20;
const STEP_MS = 30_000;
const DIGITS = 6;
/** Steps before and after the present one that are taken: clocks differ, and typing takes time. */
const DRIFT = 1;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The step of a moment. */
export function stepAt(now: Date): number {
  return Math.floor(now.getTime() / STEP_MS);
}

/** The code of a step. */
export function codeOfStep(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const number = mac.readUInt32BE(mac.at(-1)! & 0x0f) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The step that `code` belongs to, near `now`; null when there is none. Steps come oldest first. */
export function stepOfCode(secret: Uint8Array, code: string, now: Date): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  let found: number | null = null;
  for (let step = stepAt(now) - DRIFT; step <= stepAt(now) + DRIFT; step++) {
    const right = timingSafeEqual(Buffer.from(code), Buffer.from(codeOfStep(secret, step)));
    if (right) found = step;
  }
  return found;
}

/** Base32 (RFC 4648) without padding. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** What an authenticator reads from a picture (Key Uri Format). */
export function totpUrl(secret: Uint8Array, email: string): string {
  const label = encodeURIComponent(`Casare:${email}`);
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=Casare&algorithm=SHA1&digits=${DIGITS}&period=30`;
}
