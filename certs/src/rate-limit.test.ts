import { expect, test } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

test('allows a burst, then what has been earned since, per CA', () => {
  let seconds = 0;
  const limit = createRateLimit({ perMinute: 6, burst: 3, now: () => new Date(seconds * 1_000) });
  const takeAll = (issuer: string) => Array.from({ length: 5 }, () => limit.take(issuer)).filter(Boolean).length;
  expect(takeAll('a')).toBe(3);
  expect(takeAll('b')).toBe(3);
  seconds = 9;
  expect(takeAll('a')).toBe(0);
  seconds = 10;
  expect(takeAll('a')).toBe(1);
  seconds = 3_600;
  expect(takeAll('a')).toBe(3);
});

test('after the clock went back a CA waits for one interval, not until the old time comes again', () => {
  let seconds = 100_000;
  const limit = createRateLimit({ perMinute: 60, burst: 1, now: () => new Date(seconds * 1_000) });
  expect(limit.take('a')).toBe(true);
  seconds = 0;
  expect(limit.take('a')).toBe(false);
  seconds = 1;
  expect(limit.take('a')).toBe(true);
});
