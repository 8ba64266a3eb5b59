import { expect, test } from 'vitest';
import { NOW } from './surroundings-for-tests.ts';
import { days, distance, seconds } from './time.ts';

test('lengths of time have a number and a unit, up to ten years', () => {
  expect(['90s', '15m', '12h', '30d', '3650d'].map(seconds)).toEqual([90, 900, 43_200, 2_592_000, 315_360_000]);
  expect(['1s', '24h', '25h'].map(days)).toEqual([1, 1, 2]);
  for (const wrong of ['', '30', 'd', '-1d', '1.5h', '3651d', '1w', '1 d']) expect(() => seconds(wrong)).toThrow();
});

test.each([
  [0, 'in 0 s'],
  [119, 'in 119 s'],
  [-7_199, '119 min ago'],
  [172_799, 'in 47 h'],
  [-172_800, '2 d ago'],
])('%i seconds away is %s', (away, text) => {
  expect(distance(new Date(NOW.getTime() + away * 1_000).toISOString(), NOW)).toBe(text);
});
