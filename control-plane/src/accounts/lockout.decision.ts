/**
 * When a sign-in may be tried (pure). Counted before the password is looked at, so that guesses sent in parallel count
 * too; by account, against guessing one password from many addresses, and by address, against trying many accounts.
 */

/** The failures of one subject, as stored. */
export interface Failures {
  readonly failures: number;
  readonly lastAt: Date;
  readonly lockedUntil: Date | null;
}

/** A try is allowed and counted, or refused until `lockedUntil`. */
export type TryDecision =
  { readonly allowed: true; readonly next: Failures } | { readonly allowed: false; readonly lockedUntil: Date };

/** Tries in a row until the lock. */
export const TRIES = { account: 5, address: 30 } as const;
/** A lock's length, and how long failures are remembered, milliseconds. */
export const LOCK_MS = 15 * 60_000;

export function decideTry(row: Failures | null, limit: number, now: Date): TryDecision {
  if (row?.lockedUntil && row.lockedUntil > now) return { allowed: false, lockedUntil: row.lockedUntil };
  const forgotten = row === null || row.lockedUntil !== null || now.getTime() - row.lastAt.getTime() >= LOCK_MS;
  const failures = forgotten ? 1 : row.failures + 1;
  const lockedUntil = failures >= limit ? new Date(now.getTime() + LOCK_MS) : null;
  return { allowed: true, next: { failures, lastAt: now, lockedUntil } };
}
