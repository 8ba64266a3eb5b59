import { describe, expect, test } from 'vitest';
import { isRefusal } from '../platform/refusal.ts';
import { timesOf } from './cron.ts';
import { nextRuns, type Times } from './due.decision.ts';

function read(cron: string, zone: string): Times {
  const times = timesOf(cron, zone);
  if (isRefusal(times)) throw new Error(times.detail);
  return times;
}
const ahead = (cron: string, zone: string, from: string, count = 3) =>
  nextRuns(Date.parse(from), read(cron, zone))
    .slice(0, count)
    .map((at) => new Date(at).toISOString().slice(0, 16));

// 2026 in Berlin: summer time from Sunday 29 March 02:00 to Sunday 25 October 03:00.
describe('the clocks go forward', () => {
  test('a time of day that is left out comes at the jump', () => {
    const times = ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'];
    expect(ahead('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z')).toEqual(times);
  });

  test('also in zones that jump by half an hour, or at midnight', () => {
    const island = ['2026-10-02T15:30', '2026-10-03T15:30', '2026-10-04T15:00'];
    expect(ahead('0 2 * * *', 'Australia/Lord_Howe', '2026-10-02T00:00:00Z')).toEqual(island);
    const midnight = ['2026-09-05T04:00', '2026-09-06T04:00', '2026-09-07T03:00'];
    expect(ahead('0 0 * * *', 'America/Santiago', '2026-09-05T00:00:00Z')).toEqual(midnight);
  });

  test('what runs every half an hour leaves nothing out and doubles nothing', () => {
    const times = ['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30', '2026-03-29T02:00'];
    expect(ahead('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:15:00Z', 4)).toEqual(times);
  });
});

describe('the clocks go back', () => {
  test('a time of day that comes twice counts once, the first time', () => {
    const times = ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'];
    expect(ahead('30 2 * * *', 'Europe/Berlin', '2026-10-24T00:00:00Z')).toEqual(times);
    // Asked for between the two.
    expect(ahead('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:45:00Z', 1)).toEqual(['2026-10-26T01:30']);
  });

  test('what runs in every hour runs in both', () => {
    const times = ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00'];
    expect(ahead('*/30 * * * *', 'Europe/Berlin', '2026-10-24T23:45:00Z', 5)).toEqual(times);
  });
});

test.each(['30 2 * * *', '0 2 * * 0', '*/30 * * * *', '15 */2 * * *', '0 0 1 * *', '@hourly'])(
  '%s: backwards it comes to the same times as forwards, through every change of the clock',
  (cron) => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'UTC']) {
      const times = read(cron, zone);
      for (const around of [
        '2026-03-07',
        '2026-03-28',
        '2026-04-04',
        '2026-09-05',
        '2026-10-03',
        '2026-10-24',
        '2026-10-31',
      ]) {
        let at = times.next(Date.parse(`${around}T00:00:00Z`))!;
        for (let n = 0; n < 100; n += 1) {
          const next = times.next(at)!;
          expect(next).toBeGreaterThan(at);
          expect([zone, new Date(next), times.previous(next)]).toEqual([zone, new Date(next), at]);
          at = next;
        }
      }
    }
  },
);

test('both days count where a day of the month and one of the week are given, as cron has it', () => {
  expect(ahead('0 9 13 * 5', 'UTC', '2026-01-01T00:00:00Z')).toEqual([
    '2026-01-02T09:00',
    '2026-01-09T09:00',
    '2026-01-13T09:00',
  ]);
});

test.each(['60 * * * *', '* * * * * *', '* * * *', '0 0 30 2 *', 'a b c d e', '@reboot', '0 0 * * 1-9', ''])(
  '"%s" is refused, and it is said why',
  (cron) => {
    const refused = timesOf(cron, 'UTC');
    expect(refused).toMatchObject({ code: 'SCHEDULE_CRON_INVALID' });
    expect(isRefusal(refused) && refused.detail).toMatch(/\w/);
  },
);

test.each(['0 0 29 2 *', '59 23 L * *', '@weekly', '0 9 * * MON-FRI'])('%s is taken', (cron) => {
  expect(isRefusal(timesOf(cron, 'UTC'))).toBe(false);
});
