/**
 * When is the next certificate asked for? Pure.
 *
 * At half of its life, give or take a tenth, so that a fleet that enrolled in one hour does not renew in one minute. Two
 * clocks count the age from the moment the certificate was taken, and the first that says so is right: a wall clock that
 * is moved makes one renewal early at worst, and a machine that slept is not late.
 */
import type { Instant } from '../clock.ts';

/** The certificate that is in use. */
export interface Held {
  /** Milliseconds. */
  readonly lifeMs: number;
  /** How old it was at `since`. */
  readonly ageMs: number;
  readonly since: Instant;
  /** At which part of its life it is renewed. */
  readonly share: number;
}

/** What is known besides the certificate; moments of the monotonic clock, Infinity for none. */
export interface Circumstances {
  /** The control plane wants it renewed then. */
  readonly toldAt: number;
  /** Nothing is asked before, since something was asked already. */
  readonly notBefore: number;
}

const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 300_000;
const ANSWER_MS = { least: 2_000, most: 30_000 };

/** `sinceStartMs` and `untilEndMs` by the wall clock at `now`; `random` is in [0, 1). */
export function heldSince(
  { sinceStartMs, untilEndMs }: { readonly sinceStartMs: number; readonly untilEndMs: number },
  now: Instant,
  random: number,
): Held {
  const lifeMs = Math.max(0, sinceStartMs + untilEndMs);
  return { lifeMs, ageMs: Math.min(lifeMs, Math.max(0, sinceStartMs)), since: now, share: 0.45 + random / 10 };
}

/** Milliseconds until the next certificate is to be asked for; 0: now. */
export function waitMs(held: Held, { toldAt, notBefore }: Circumstances, now: Instant): number {
  const passed = Math.max(now.mono - held.since.mono, now.wall - held.since.wall);
  const untilDue = held.lifeMs * held.share - held.ageMs - passed;
  return Math.max(0, Math.min(untilDue, toldAt - now.mono), notBefore - now.mono);
}

/** How long an answer may take before the same is asked again: less for certificates that live shortly. */
export function answerMs(lifeMs: number): number {
  return Math.min(ANSWER_MS.most, Math.max(ANSWER_MS.least, lifeMs / 8));
}

/** The pause after `tries` that were not answered with a certificate; `atLeastMs` is what a refusal asked for. */
export function retryMs(tries: number, atLeastMs: number, random: number): number {
  const ceiling = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries, 10));
  return Math.max(atLeastMs * (1 + random / 2), ceiling * (0.5 + random / 2));
}
