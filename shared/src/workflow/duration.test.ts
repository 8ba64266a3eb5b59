import { describe, expect, it } from 'vitest';
import { Duration, MAX_DURATION_MS, parseDuration } from './duration.ts';

describe('durations', () => {
  it.each<[Duration, number]>([
    [{ seconds: 2 }, 2_000],
    [{ days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 }, 93_784_005],
    ['PT1M30S', 90_000],
    ['PT0.5S', 500],
    ['P1DT12H', 129_600_000],
    ['P2W', 1_209_600_000],
    ['PT0S', 0],
  ])('%j is %d ms', (duration, ms) => {
    expect(Duration.safeParse(duration).success).toBe(true);
    expect(parseDuration(duration)).toBe(ms);
  });

  it.each([
    ['P'],
    ['PT'],
    ['P1Y'],
    ['P1M'],
    ['1s'],
    ['PT-1S'],
    ['P1DT'],
    [''],
    [{}],
    [{ seconds: -1 }],
    [{ weeks: 1 }],
    [{ seconds: 1.5 }],
  ])('%j is none', (duration) => {
    expect(Duration.safeParse(duration).success).toBe(false);
  });

  it('an expression is one, of a length that is not known yet', () => {
    expect(Duration.safeParse('${ .pause }').success).toBe(true);
    expect(parseDuration('${ .pause }')).toBeNull();
  });

  it('refuses what no timer can wait for', () => {
    expect(parseDuration({ milliseconds: MAX_DURATION_MS })).toBe(MAX_DURATION_MS);
    expect(Duration.safeParse({ days: 3_654 }).success).toBe(false);
    expect(Duration.safeParse('P9999999D').success).toBe(false);
  });
});
