import { describe, expect, it } from 'vitest';
import { retryDelay, type RetryPlan } from './retry.ts';

const plan: RetryPlan = { delayMs: 100, backoff: 'constant', jitter: null, count: 3, durationMs: null };

describe('retry delay', () => {
  it.each([
    ['constant', [100, 100, 100, null]],
    ['linear', [100, 200, 300, null]],
    ['exponential', [100, 200, 400, null]],
  ] as const)('%s', (backoff, delays) => {
    expect([1, 2, 3, 4].map((attempt) => retryDelay({ ...plan, backoff }, attempt, 0, 0))).toEqual(delays);
  });

  it('adds jitter between its ends', () => {
    const jittered = { ...plan, jitter: { fromMs: 10, toMs: 30 } };
    expect([0, 0.5, 1].map((random) => retryDelay(jittered, 1, 0, random))).toEqual([110, 120, 130]);
  });

  it('stops when the next attempt would start after the limit', () => {
    expect(retryDelay({ ...plan, durationMs: 1_000 }, 1, 900, 0)).toBe(100);
    expect(retryDelay({ ...plan, durationMs: 1_000 }, 1, 901, 0)).toBeNull();
  });

  it('never waits longer than a day', () => {
    expect(retryDelay({ ...plan, backoff: 'exponential', count: 1_000 }, 900, 0, 0)).toBe(86_400_000);
  });
});
