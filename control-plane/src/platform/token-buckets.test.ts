import { expect, test } from 'vitest';
import { TokenBuckets } from './token-buckets.ts';

test('a bucket gives its burst at once, then what it is filled with; each key has its own; the longest unused is forgotten', () => {
  let now = 0;
  const buckets = new TokenBuckets({ burst: 3, perSecond: 2, keys: 2, now: () => now });
  expect(buckets.take('a')).toEqual({ allowed: true, left: 2, nextSeconds: 0, fullSeconds: 0.5 });
  expect([buckets.take('a').left, buckets.take('a').left]).toEqual([1, 0]);
  expect(buckets.take('a')).toEqual({ allowed: false, left: 0, nextSeconds: 0.5, fullSeconds: 1.5 });
  expect(buckets.take('b').left).toBe(2);
  now = 500;
  expect(buckets.take('a')).toMatchObject({ allowed: true, left: 0 });
  now = 600_000;
  expect(buckets.take('a').left).toBe(2);
  expect([buckets.take('c').left, buckets.take('b').left]).toEqual([2, 2]);
});
