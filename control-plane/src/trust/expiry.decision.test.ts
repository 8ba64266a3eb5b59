/** When a warning is due: at which age, once for each, and for what renews itself only when it is late. */
import { describe, expect, it } from 'vitest';
import { isListed, warningAge, WARNING_DAYS, type Ending } from './expiry.decision.ts';

const DAY = 86_400_000;
const now = new Date('2026-01-01T00:00:00Z');
const ending = (subject: Ending['subject'], leftMs: number, lifeMs: number | null = null): Ending => ({
  ...{ subject, id: 'x', name: 'x', tenant: null, lifeMs },
  notAfter: new Date(now.getTime() + leftMs),
});

describe('a warning', () => {
  it.each<[Ending['subject'], number, number | null, number | null]>([
    ['server_ca', 91 * DAY, null, null],
    ['server_ca', 90 * DAY, null, 90],
    ['agent_root', 31 * DAY, null, 90],
    ['agent_ca', 30 * DAY, null, 30],
    ['server_root', 6 * DAY, null, 7],
    ['server_ca', DAY / 2, null, 1],
    ['server_ca', 0, null, 0],
    ['server_ca', -400 * DAY, null, 0],
    ['web', 60 * DAY, null, null],
    ['web', 29 * DAY, null, 30],
    ['agent', DAY / 2, DAY, null],
    ['agent', DAY / 3, DAY, null],
    ['agent', DAY / 3 - 1, DAY, 1],
    ['agent', -1, DAY, 0],
    ['gateway', 30 * DAY, 90 * DAY, null],
    ['gateway', 26 * DAY, 90 * DAY, 1],
  ])('of %s with %i ms left, of a life of %s: %s', (subject, leftMs, lifeMs, age) => {
    expect(warningAge(ending(subject, leftMs, lifeMs), now, WARNING_DAYS)).toBe(age);
  });

  it('follows the configured ages', () => {
    expect(warningAge(ending('server_ca', 100 * DAY), now, [365, 5])).toBe(365);
    expect(warningAge(ending('server_ca', 6 * DAY), now, [5])).toBeNull();
  });
});

it('a list of what ends soon has CAs by their time, and of what renews itself only what is late', () => {
  expect(isListed(ending('server_ca', 31 * DAY), now, 30 * DAY)).toBe(false);
  expect(isListed(ending('server_ca', 29 * DAY), now, 30 * DAY)).toBe(true);
  expect(isListed(ending('server_ca', -DAY), now, 0)).toBe(true);
  expect(isListed(ending('agent', DAY / 2, DAY), now, 30 * DAY)).toBe(false);
  expect(isListed(ending('agent', DAY / 4, DAY), now, 30 * DAY)).toBe(true);
  expect(isListed(ending('agent', DAY / 4, DAY), now, 0)).toBe(false);
});
