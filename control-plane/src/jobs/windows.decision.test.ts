import type { ClosureTimes } from '@casare/shared/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isClosed } from './windows.decision.ts';

const weekly = (days: number[], start: string, minutes: number, timeZone = 'Europe/Berlin'): ClosureTimes => ({
  ...{ kind: 'weekly', days, start, minutes, timeZone },
});
const once: ClosureTimes = { kind: 'once', from: '2026-05-01T10:00:00Z', to: '2026-05-01T12:00:00Z' };
const sunday = 7;

// 2026 in Berlin: summer time from Sunday 29 March 02:00 to Sunday 25 October 03:00.
test.each<[string, ClosureTimes, string, boolean]>([
  ['always', { kind: 'always' }, '2026-01-01T00:00:00Z', true],
  ['once, before', once, '2026-05-01T09:59:59.999Z', false],
  ['once, at its begin', once, '2026-05-01T10:00:00Z', true],
  ['once, at its end', once, '2026-05-01T12:00:00Z', false],
  ['Monday 22:00 in winter is 21:00 UTC', weekly([1], '22:00', 60), '2026-01-05T21:00:00Z', true],
  ['and not before', weekly([1], '22:00', 60), '2026-01-05T20:59:59Z', false],
  ['and over after its minutes', weekly([1], '22:00', 60), '2026-01-05T22:00:00Z', false],
  ['Monday 22:00 in summer is 20:00 UTC', weekly([1], '22:00', 60), '2026-07-06T20:00:00Z', true],
  ['another day', weekly([2], '22:00', 60), '2026-07-06T20:30:00Z', false],
  ['over midnight', weekly([1], '23:30', 120), '2026-07-06T23:00:00Z', true],
  ['over midnight from Sunday to Monday', weekly([sunday], '23:30', 120), '2026-07-05T22:59:59Z', true],
  ['a whole day', weekly([1], '00:00', 1_440), '2026-07-06T21:59:59Z', true],
  ['a start that is left out: at the jump', weekly([sunday], '02:30', 30), '2026-03-29T01:00:00Z', true],
  ['not before the jump', weekly([sunday], '02:30', 30), '2026-03-29T00:59:59Z', false],
  ['and over 30 real minutes later', weekly([sunday], '02:30', 30), '2026-03-29T01:30:00Z', false],
  ['a start that comes twice: the first time', weekly([sunday], '02:30', 30), '2026-10-25T00:30:00Z', true],
  ['not the second time', weekly([sunday], '02:30', 30), '2026-10-25T01:30:00Z', false],
  ['across the jump it lasts two real hours', weekly([sunday], '01:00', 120), '2026-03-29T01:59:59Z', true],
  ['and no longer', weekly([sunday], '01:00', 120), '2026-03-29T02:00:00Z', false],
  ['half an hour of summer time', weekly([sunday], '02:15', 30, 'Australia/Lord_Howe'), '2026-10-03T15:30:00Z', true],
  ['a zone ahead by 14 hours', weekly([1], '00:10', 5, 'Pacific/Kiritimati'), '2026-07-05T10:12:00Z', true],
])('%s', (_, times, now, closed) => {
  expect(isClosed(times, Date.parse(now))).toBe(closed);
});

test('in every zone and across every change of the clock, a weekly window is closed for its minutes once a week', () => {
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC');
  const step = 15;
  fc.assert(
    fc.property(
      ...[zones, fc.integer({ min: 1, max: 7 }), fc.nat(95), fc.integer({ min: 1, max: 32 }), fc.nat(51)],
      (zone, day, quarter, quarters, week) => {
        const two = (n: number) => String(n).padStart(2, '0');
        const start = `${two(Math.floor(quarter / 4))}:${two((quarter % 4) * step)}`;
        const times = weekly([day], start, quarters * step, zone);
        // From Wednesday noon to Wednesday noon, or Sunday to Sunday: never through the window, which lasts 8 h at most.
        const begin = Date.UTC(2026, 0, 4 + week * 7, 12) + ((day + 3) % 7) * 86_400_000;
        const looks = Array.from({ length: 8 * 96 }, (_, n) => isClosed(times, begin + (n - 48) * step * 60_000));
        const runs = looks.filter((closed, n) => closed && !looks[n - 1]).length;
        const count = looks.filter(Boolean).length;
        expect(count).toBe(runs * quarters);
        expect(runs).toBeGreaterThanOrEqual(1);
        expect(runs).toBeLessThanOrEqual(2);
      },
    ),
    { numRuns: 50 },
  );
});
