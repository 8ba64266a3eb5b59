/**
 * Is an enrolment that failed tried again, and when? Pure. What a person must mend ends the agent with a code of
 * `exit-codes.ts`; what may be gone in a minute (a network that is not up yet, a control plane that is being upgraded)
 * is waited for, longer each time and at random, so that a thousand new machines do not come back in step.
 */
const FIRST_CEILING_MS = 2_000;
const LAST_CEILING_MS = 300_000;
/** Whatever chance says. */
const FLOOR_MS = 200;

/** What lies on this machine: it does not mend itself while we wait. */
const LOCAL = new Set(['HOME_UNWRITABLE', 'HOME_UNSAFE', 'NETWORK_DAMAGED', 'NETWORK_SETTING', 'ALREADY_ENROLLED']);

/** How a try ended. */
export interface FailedTry {
  readonly code: string;
  /** Only a person can mend it, as its exit code says. */
  readonly isFinal: boolean;
  /** Failed tries before this one. */
  readonly failures: number;
}

/** Milliseconds until the next try, or null: there is none. `random` is in [0, 1). */
export function nextTryMs({ code, isFinal, failures }: FailedTry, random: number): number | null {
  if (isFinal || LOCAL.has(code)) return null;
  const ceiling = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** Math.min(failures, 20));
  return Math.max(FLOOR_MS, random * ceiling);
}
