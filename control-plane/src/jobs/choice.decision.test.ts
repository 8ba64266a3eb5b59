import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, COMPARED, faded, FAILURE_HALF_MS, scoreOf, type Choice } from './choice.decision.ts';

const choice = (change: Partial<Choice> = {}): Choice => ({ free: 2, slots: 4, load: 0.2, failures: 0, ...change });

describe('the choice among agents', () => {
  it.each<[string, Partial<Choice>]>([
    ['fewer free slots', { free: 1 }],
    ['more load', { load: 0.9 }],
    ['a failure lately', { failures: 1 }],
  ])('puts %s behind', (_, worse) => {
    expect(scoreOf(choice(worse))).toBeLessThan(scoreOf(choice()));
    expect(choose([choice(worse), choice()], 0)).toEqual(choice());
    expect(choose([choice(), choice(worse)], 0.5)).toEqual(choice());
  });

  it('takes the last one that is free, whatever speaks against it', () => {
    const only = choice({ free: 1, load: 50, failures: 1_000 });
    expect(choose([choice({ free: 0 }), only, choice({ free: 0 })], 0.9)).toBe(only);
    expect(choose([choice({ free: 0 })], 0)).toBeNull();
    expect(choose([], 0)).toBeNull();
  });

  it('finds a free agent wherever it begins, and none better among those compared', () => {
    const choices = fc.array(
      fc.record({
        free: fc.integer({ min: -2, max: 5 }),
        slots: fc.integer({ min: 0, max: 5 }),
        load: fc.double({ min: 0, max: 10, noNaN: true }),
        failures: fc.double({ min: 0, max: 10, noNaN: true }),
      }),
      { maxLength: COMPARED },
    );
    fc.assert(
      fc.property(choices, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, random) => {
        const free = all.filter((one) => one.free > 0);
        const chosen = choose(all, random);
        expect(chosen === null).toBe(free.length === 0);
        for (const other of free) expect(scoreOf(other)).toBeLessThanOrEqual(scoreOf(chosen!));
      }),
    );
  });

  it('forgets half of a failure in its time', () => {
    expect(faded(4, FAILURE_HALF_MS)).toBe(2);
    expect(faded(4, 0)).toBe(4);
    expect(faded(4, -5)).toBe(4);
  });
});
