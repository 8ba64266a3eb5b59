/** When a delivery that failed is tried again, and when it is given up. Pure. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** After the first failure, the second and so on; about three days together. */
const WAITS = [
  ...[5 * SECOND, 30 * SECOND, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, 20 * HOUR, 24 * HOUR],
];
/** The part of a wait that is random: what failed together does not come back together. */
const JITTER = 0.2;

/** Milliseconds to wait after so many attempts; null: it is given up. `random`: 0 to 1. */
export function waitAfter(attempts: number, random: number): number | null {
  const wait = WAITS[attempts - 1];
  return wait === undefined ? null : wait * (1 - JITTER / 2 + JITTER * random);
}
