import { CLOSE } from '@casare/shared/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextDial } from './reconnect.decision.ts';

const never = { liveMs: 0, sentAway: false };
const LAST = 1 - Number.EPSILON;

test.each([
  [0, 1_000],
  [1, 2_000],
  [2, 3_000],
  [11, 3_000],
  [12, 6_000],
  [15, 48_000],
  [40, 300_000],
])('after %i failures the ceiling is %i ms', (failures, ceiling) => {
  expect(nextDial({ ...never, failures }, LAST).delayMs).toBeCloseTo(ceiling, 3);
  expect(nextDial({ ...never, failures }, 0).delayMs).toBe(100);
});

test('a cut of 20 s is met within seconds of its end, by chance alone', () => {
  let [waited, failures] = [0, 0];
  while (waited < 20_000) {
    const dial = nextDial({ ...never, failures }, LAST);
    waited += dial.delayMs;
    ({ failures } = dial);
  }
  expect(waited - 20_000).toBeLessThanOrEqual(3_000);
});

test('a healthy minute starts the count anew, a short session does not', () => {
  expect(nextDial({ failures: 20, liveMs: 60_000, sentAway: false }, 0.5).failures).toBe(1);
  expect(nextDial({ failures: 20, liveMs: 59_999, sentAway: false }, 0.5).failures).toBe(21);
});

test('who was sent away dials at once, who was replaced waits a minute', () => {
  expect(nextDial({ failures: 9, liveMs: 60_000, sentAway: true }, LAST)).toEqual({ delayMs: 100, failures: 1 });
  expect(nextDial({ ...never, failures: 0, closeCode: CLOSE.replaced }, LAST).delayMs).toBe(60_000);
});

test('who is told to wait does, and not in step with others', () => {
  expect(nextDial({ ...never, failures: 0, atLeastMs: 60_000 }, 0).delayMs).toBe(60_000);
  expect(nextDial({ ...never, failures: 0, atLeastMs: 60_000 }, 0.5).delayMs).toBe(75_000);
});

test('who is sent away again and again dials ever later: a gateway that leaves may still be the one that answers', () => {
  let [waited, failures] = [0, 0];
  for (let n = 0; n < 20; n += 1) {
    const dial = nextDial({ failures, liveMs: 50, sentAway: true }, LAST);
    waited += dial.delayMs;
    ({ failures } = dial);
  }
  expect(waited).toBeGreaterThan(60_000);
});

test('the delay is always between the floor and five minutes', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(10_000), random, (failures, chance) => {
      const { delayMs } = nextDial({ ...never, failures }, chance);
      expect(delayMs).toBeGreaterThanOrEqual(100);
      expect(delayMs).toBeLessThanOrEqual(300_000);
    }),
  );
});
