/**
 * Which of several agents that may run a job gets it: the one with the largest part of its slots free, less what its
 * machine is loaded with and what went wrong on it lately. All of it is a preference: an agent that nobody prefers still
 * gets the job that nobody else can take.
 */

/** What is known of an agent that has a free slot. */
export interface Choice {
  /** Free slots of the kind, at least 1. */
  readonly free: number;
  /** All its slots of the kind. */
  readonly slots: number;
  /** What its machine reported: 1 is one runnable task for each processor. */
  readonly load: number;
  /** Runs that failed, were refused or lost there, each halved every `FAILURE_HALF_MS`. */
  readonly failures: number;
}

/** After this, half as much is held against an agent, milliseconds. */
export const FAILURE_HALF_MS = 300_000;
/** Of many agents this many are compared for each job: the best of some dozens is as good as the best. */
export const COMPARED = 32;

/** Higher is better; between -1.5 and 1. */
export function scoreOf({ free, slots, load, failures }: Choice): number {
  const room = free / Math.max(free, slots);
  return room - Math.min(1, Math.max(0, load)) / 2 - failures / (1 + failures);
}

/**
 * The best of at most `COMPARED` choices with a free slot, beginning at a random one; `null` when none is free. `random`
 * is in [0, 1).
 */
export function choose<T extends Choice>(choices: readonly T[], random: number): T | null {
  const first = Math.floor(random * choices.length);
  let best: T | null = null;
  let compared = 0;
  for (let i = 0; i < choices.length && compared < COMPARED; i++) {
    const choice = choices[(first + i) % choices.length]!;
    if (choice.free <= 0) continue;
    compared += 1;
    if (best === null || scoreOf(choice) > scoreOf(best)) best = choice;
  }
  return best;
}

/** What is left of `failures` after `elapsedMs`. */
export function faded(failures: number, elapsedMs: number): number {
  return failures * 2 ** (-Math.max(0, elapsedMs) / FAILURE_HALF_MS);
}
