import { expect, test } from 'vitest';
import { decideTry, LOCK_MS, type Failures } from './lockout.decision.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
/** Tries at these times (ms after start), with a limit of 3. */
function tries(...times: number[]): boolean[] {
  let row: Failures | null = null;
  return times.map((ms) => {
    const decision = decideTry(row, 3, new Date(start + ms));
    if (decision.allowed) row = decision.next;
    return decision.allowed;
  });
}

test.each([
  ['the try after the limit is refused', [0, 1, 2, 3], [true, true, true, false]],
  ['the lock ends', [0, 1, 2, 2 + LOCK_MS - 1, 2 + LOCK_MS], [true, true, true, false, true]],
  [
    'after a lock the count starts again',
    [0, 1, 2, LOCK_MS + 2, LOCK_MS + 3, LOCK_MS + 4, LOCK_MS + 5],
    [true, true, true, true, true, true, false],
  ],
  [
    'failures long ago are forgotten',
    [0, 1, 1 + LOCK_MS, 2 + LOCK_MS, 3 + LOCK_MS, 4 + LOCK_MS],
    [true, true, true, true, true, false],
  ],
])('%s', (_, times, expected) => {
  expect(tries(...times)).toEqual(expected);
});
