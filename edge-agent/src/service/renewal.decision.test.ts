import { expect, test } from 'vitest';
import { answerMs, heldSince, retryMs, waitMs, type Circumstances, type Held } from './renewal.decision.ts';

const at = (mono: number, wall = mono) => ({ mono, wall: 1_000_000 + wall });
const LIFE = 1_000_000;
const calm: Circumstances = { toldAt: Infinity, notBefore: -Infinity };
/** Renewed at exactly half of its life. */
const held: Held = { lifeMs: LIFE, ageMs: 0, since: at(0), share: 0.5 };

test.each<[string, Partial<Held>, Partial<Circumstances>, ReturnType<typeof at>, number]>([
  ['it is new', {}, {}, at(0), 500_000],
  ['it is older', {}, {}, at(400_000), 100_000],
  ['half of its life is over', {}, {}, at(500_000), 0],
  ['it is over', {}, {}, at(2_000_000), 0],
  ['it was old when this process began', { ageMs: 450_000 }, {}, at(0), 50_000],
  ['the wall clock is set back', {}, {}, at(500_000, -9_000_000), 0],
  ['the wall clock is set ahead: early, once', {}, {}, at(1, 900_000), 0],
  ['the machine slept and the monotonic clock stood still', {}, {}, at(10, 600_000), 0],
  ['it was told', {}, { toldAt: 30_000 }, at(10_000), 20_000],
  ['it was told for later than it is due', {}, { toldAt: 800_000 }, at(450_000), 50_000],
  ['it was told, and the moment has passed', {}, { toldAt: -Infinity }, at(0), 0],
  ['it is due and was refused', {}, { notBefore: 600_000 }, at(500_000), 100_000],
  ['it was told and was refused', {}, { toldAt: 0, notBefore: 7_000 }, at(5_000), 2_000],
  ['it was refused long ago', {}, { notBefore: 1 }, at(100_000), 400_000],
])('%s', (_, change, circumstances, now, wait) => {
  expect(waitMs({ ...held, ...change }, { ...calm, ...circumstances }, now)).toBe(wait);
});

test('each certificate has a moment of its own, within a tenth of half of its life', () => {
  const shares = [0, 0.5, 1 - Number.EPSILON].map((random) => {
    return heldSince({ sinceStartMs: 0, untilEndMs: LIFE }, at(0), random).share;
  });
  expect(shares.map((share) => Math.round(share * 1_000) / 1_000)).toEqual([0.45, 0.5, 0.55]);
});

test.each([
  ['new', { sinceStartMs: 0, untilEndMs: 10 }, { lifeMs: 10, ageMs: 0 }],
  ['in use', { sinceStartMs: 4, untilEndMs: 6 }, { lifeMs: 10, ageMs: 4 }],
  ['not valid yet, by this clock', { sinceStartMs: -5, untilEndMs: 15 }, { lifeMs: 10, ageMs: 0 }],
  ['over, by this clock', { sinceStartMs: 50, untilEndMs: -40 }, { lifeMs: 10, ageMs: 10 }],
])('a certificate that is %s', (_, times, expected) => {
  expect(heldSince(times, at(0), 0)).toMatchObject(expected);
});

test('tries go apart up to five minutes, and never sooner than a refusal allows', () => {
  expect([0, 1, 5, 6, 50].map((tries) => retryMs(tries, 0, 1))).toEqual([5_000, 10_000, 160_000, 300_000, 300_000]);
  expect(retryMs(0, 0, 0)).toBe(2_500);
  expect([retryMs(0, 60_000, 0), retryMs(0, 60_000, 1), retryMs(50, 1_000, 0)]).toEqual([60_000, 90_000, 150_000]);
});

test('an answer is waited for shorter when certificates live shortly', () => {
  expect([1_000, 80_000, 86_400_000].map(answerMs)).toEqual([2_000, 10_000, 30_000]);
});
