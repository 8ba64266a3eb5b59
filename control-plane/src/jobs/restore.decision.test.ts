import { describe, expect, it } from 'vitest';
import { afterRestore, afterReturn, type ReturnedAttempt } from './restore.decision.ts';

describe('a job in the queue of a restored record', () => {
  it.each([
    ['nothing of it does harm when it is repeated', false, 'wait'],
    ['a step that must not be repeated may have run', true, 'ask'],
  ] as const)('%s', (_, unsafeReachable, verdict) => {
    expect(afterRestore({ unsafeReachable })).toBe(verdict);
  });
});

describe('an attempt whose agent comes back to a restored record', () => {
  const failedAt = 1_000_000;
  const attempt: ReturnedAttempt = { unsafeReachable: true, leaseEndedAt: failedAt, failedAt, marginMs: 10_000 };
  it.each<[string, Partial<ReturnedAttempt>, 'continue' | 'fence']>([
    ['its lease outlived the control plane', { leaseEndedAt: failedAt + 50_000 }, 'continue'],
    ['its lease ended with the control plane', {}, 'continue'],
    ['nobody gives it up within the margin', { leaseEndedAt: failedAt - 10_000 }, 'continue'],
    ['it was away before, and may have been replaced', { leaseEndedAt: failedAt - 10_001 }, 'fence'],
    ['it does not say since when it was away', { leaseEndedAt: null }, 'fence'],
    ['it was away, and nothing does harm', { leaseEndedAt: null, unsafeReachable: false }, 'continue'],
  ])('%s', (_, given, verdict) => {
    expect(afterReturn({ ...attempt, ...given })).toBe(verdict);
  });
});
