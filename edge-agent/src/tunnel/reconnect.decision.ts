/**
 * When to dial again: full jitter (a random part of a growing ceiling), so that a fleet does not return in step. The
 * first tries stay quick, since most cuts are short; then the ceiling doubles up to five minutes.
 */
import { CLOSE } from '@casare/shared/protocol';

const FIRST_CEILING_MS = 1_000;
const QUICK_CEILING_MS = 3_000;
const QUICK_TRIES = 12;
const LAST_CEILING_MS = 300_000;
/** Nobody dials more often than this, whatever chance says. */
const FLOOR_MS = 100;
/** The other holder of our identity must be stopped by a person: do not fight it. */
const REPLACED_FLOOR_MS = 60_000;
/** A session that lived this long proves the way is clear: counting starts anew. */
export const HEALTHY_MS = 60_000;

/** What the decision knows about the session or try that just ended. */
export interface Ended {
  /** Failed tries before this one. */
  readonly failures: number;
  /** How long the session was live, milliseconds; 0 for a try that never became live. */
  readonly liveMs: number;
  /** WebSocket close code, when there was one. */
  readonly closeCode?: number;
  /** The gateway asked us to leave, and we have waited our part already. */
  readonly sentAway: boolean;
  /** Nothing can have changed before this, milliseconds. */
  readonly atLeastMs?: number;
}

/** The next delay and the count to carry on with. `random` is in [0, 1). */
export function nextDial(ended: Ended, random: number): { delayMs: number; failures: number } {
  const failures = ended.liveMs >= HEALTHY_MS ? 0 : ended.failures;
  // at once, but only the first time: the next gateway may be leaving too
  if (ended.sentAway && failures === 0) return { delayMs: FLOOR_MS, failures: 1 };
  const floor = ended.closeCode === CLOSE.replaced ? REPLACED_FLOOR_MS : FLOOR_MS;
  // spread upwards: whoever is told to wait, waits that long
  const wait = (ended.atLeastMs ?? 0) * (1 + random / 2);
  return { delayMs: Math.max(floor, wait, random * ceiling(failures)), failures: failures + 1 };
}

function ceiling(failures: number): number {
  if (failures < QUICK_TRIES) return Math.min(QUICK_CEILING_MS, FIRST_CEILING_MS * 2 ** failures);
  return Math.min(LAST_CEILING_MS, QUICK_CEILING_MS * 2 ** (failures - QUICK_TRIES + 1));
}
