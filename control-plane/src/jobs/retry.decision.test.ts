import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterFailure, classify, doubtsOf, retryDelay, type Failure, type StepRecord } from './retry.decision.ts';

const NONE = { openUnsafe: null, inDoubt: false };
const started = (position: string, onRestart: string): StepRecord => ({
  ...{ type: 'step.started', position, onRestart, certain: null },
});
const ended = (position: string, type: string, certain: boolean | null = null): StepRecord => ({
  ...{ type, position, onRestart: null, certain },
});
const error = (status: number, code?: string) => ({ type: 'about:blank', status, ...(code ? { code } : {}) });
const failure = (more: Partial<Failure> = {}): Failure => ({
  error: error(503),
  doubts: NONE,
  policy: { attempts: 3, backoffMs: 1_000, factor: 2, maxBackoffMs: 5_000, jitter: 0 },
  failures: 1,
  leftMs: null,
  random: 0,
  ...more,
});

const anyPolicy = fc.record({
  attempts: fc.integer({ min: 1, max: 100 }),
  backoffMs: fc.integer({ min: 0, max: 604_800_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxBackoffMs: fc.integer({ min: 0, max: 604_800_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anyError = fc.record({
  type: fc.constant('about:blank'),
  status: fc.integer({ min: 100, max: 599 }),
  code: fc.constantFrom('WORKER_CRASHED', 'SECRET_MISSING', 'OTHER'),
});

describe('the pause before a retry', () => {
  it('grows by the factor up to its bound', () => {
    const policy = { backoffMs: 1_000, factor: 2, maxBackoffMs: 5_000, jitter: 0 };
    expect([1, 2, 3, 4, 100].map((n) => retryDelay(policy, n, 0.9))).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
    expect([0, 0.5, 1].map((n) => retryDelay({ ...policy, jitter: 0.5 }, 1, n))).toEqual([1_000, 750, 500]);
  });

  it('stays between its share without chance and its bound, and never shrinks as failures add up', () => {
    fc.assert(
      fc.property(anyPolicy, fc.integer({ min: 1, max: 99 }), chance, (policy, n, random) => {
        const [now, later] = [retryDelay(policy, n, random), retryDelay(policy, n + 1, random)];
        const whole = Math.min(policy.backoffMs * policy.factor ** (n - 1), policy.maxBackoffMs);
        expect(Number.isSafeInteger(now)).toBe(true);
        expect(now).toBeLessThanOrEqual(Math.ceil(whole));
        expect(now).toBeGreaterThanOrEqual(Math.floor(whole * (1 - policy.jitter)));
        expect(later).toBeGreaterThanOrEqual(now);
      }),
    );
  });
});

describe('the class of a failure', () => {
  it.each([
    ['a server that is down', error(503), 'transient'],
    ['a server that asks for patience', error(429), 'transient'],
    ['a time that ran out', error(408, 'TIMED_OUT'), 'transient'],
    ['a worker that died', error(500, 'WORKER_CRASHED'), 'transient'],
    ['arguments that do not fit', error(400, 'STEP_ARGUMENTS_INVALID'), 'permanent'],
    ['a missing permission', error(403), 'permanent'],
    ['a missing secret, whatever its status', error(503, 'SECRET_MISSING'), 'permanent'],
  ] as const)('%s is %s', (_, failed, expected) => {
    expect(classify(failed, NONE)).toBe(expected);
  });

  it('is ambiguous when a step that may be repeated is in doubt, and such a job is retried', () => {
    const doubts = doubtsOf([started('/do/0/a', 'verify'), ended('/do/0/a', 'step.failed', false)]);
    expect(doubts).toEqual({ openUnsafe: null, inDoubt: true });
    expect(classify(error(503), doubts)).toBe('ambiguous');
    expect(afterFailure(failure({ doubts }))).toEqual({ do: 'retry', afterMs: 1_000 });
  });

  it('closes a step by its end, unless that end is a failure which may have acted', () => {
    const start = started('/do/0/a', 'suspend');
    expect(doubtsOf([start]).openUnsafe).toBe('/do/0/a');
    expect(doubtsOf([start, ended('/do/0/a', 'step.failed', false)]).openUnsafe).toBe('/do/0/a');
    expect(doubtsOf([start, ended('/do/0/a', 'step.failed', true)])).toEqual(NONE);
    expect(doubtsOf([start, ended('/do/0/a', 'step.completed')])).toEqual(NONE);
  });
});

describe('after a failure', () => {
  it('tries again as often as the policy says, and buries the job then', () => {
    expect(afterFailure(failure({ failures: 2 }))).toEqual({ do: 'retry', afterMs: 2_000 });
    expect(afterFailure(failure({ failures: 3 }))).toEqual({ do: 'bury', reason: 'exhausted' });
    expect(afterFailure(failure({ policy: null }))).toEqual({ do: 'bury', reason: 'exhausted' });
    expect(afterFailure(failure({ policy: {}, failures: 2 })).do).toBe('retry');
    expect(afterFailure(failure({ error: error(400) }))).toEqual({ do: 'bury', reason: 'permanent' });
  });

  it('begins no pause that outlasts the time of the job', () => {
    expect(afterFailure(failure({ leftMs: 1_000 }))).toEqual({ do: 'bury', reason: 'exhausted' });
    expect(afterFailure(failure({ leftMs: 1_001 })).do).toBe('retry');
  });

  it('never retries while a step that must not be repeated is open, nor more often than allowed', () => {
    fc.assert(
      fc.property(anyPolicy, anyError, chance, fc.integer({ min: 1, max: 200 }), fc.boolean(), (...given) => {
        const [policy, failed, random, failures, open] = given;
        const doubts = { openUnsafe: open ? '/do/0/a' : null, inDoubt: open };
        const verdict = afterFailure(failure({ error: failed, doubts, policy, failures, random }));
        if (open) expect(verdict).toEqual({ do: 'bury', reason: 'ambiguous' });
        else if (failures >= policy.attempts) expect(verdict.do).toBe('bury');
        else expect(verdict.do).toBe(classify(failed, doubts) === 'permanent' ? 'bury' : 'retry');
      }),
    );
  });
});
