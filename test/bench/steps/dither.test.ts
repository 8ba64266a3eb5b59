/** Rounds begin at every phase of a frame, and what the page took for that is known. */
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ditherMs, meanDitherMs } from './dither.ts';
import { perStepMs } from './tasks.ts';

const FRAME_MS = 1_000 / 60;
/** Of the bench in its full size. */
const ROUNDS = 40;

test('each tenth of a frame gets its share of the rounds', () => {
  const tenths = Array.from({ length: ROUNDS }, (_, n) => Math.floor((ditherMs(n) / FRAME_MS) * 10));
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = tenths.filter((each) => each === tenth).length;
    expect(share).toBeGreaterThanOrEqual(3);
    expect(share).toBeLessThanOrEqual(5);
  }
});

test('the mean is that of the rounds, about half a frame', () => {
  expect(meanDitherMs(1)).toBe(0);
  expect(meanDitherMs(3)).toBeCloseTo(((0.6180339887 + 0.2360679774) * FRAME_MS) / 3, 9);
  expect(Math.abs(meanDitherMs(ROUNDS) - FRAME_MS / 2)).toBeLessThan(FRAME_MS / 20);
});

test('a step is what the rounds took without what the page worked', () => {
  expect(perStepMs(ROUNDS * (50 + meanDitherMs(ROUNDS)), ROUNDS)).toBeCloseTo(10, 9);
});

test('the function stands alone: its source says the same in a page', () => {
  const rounds = [0, 1, 39, 10_001];
  const inPage: unknown = runInNewContext(
    `${ditherMs.toString()}; JSON.stringify(${JSON.stringify(rounds)}.map(ditherMs))`,
  );
  expect(inPage).toBe(JSON.stringify(rounds.map((n) => ditherMs(n))));
});
