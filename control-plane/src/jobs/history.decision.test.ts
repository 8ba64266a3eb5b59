import { expect, it } from 'vitest';
import { expiredDays, wantedDays } from './history.decision.ts';

const at = (iso: string) => new Date(iso);

it('wants today and three days ahead, across the ends of months and years', () => {
  expect(wantedDays(at('2026-12-30T23:59:59.999Z'))).toEqual(['20261230', '20261231', '20270101', '20270102']);
  expect(wantedDays(at('2028-02-28T00:00:00Z'))).toEqual(['20280228', '20280229', '20280301', '20280302']);
});

it('lets a day go when it has been over for as long as history is kept', () => {
  const days = ['20261103', '20261101', '20261102'];
  expect(expiredDays(days, at('2026-11-12T00:00:00Z'), 10)).toEqual(['20261101']);
  expect(expiredDays(days, at('2026-11-11T23:59:59Z'), 10)).toEqual([]);
  expect(expiredDays(days, at('2026-11-13T12:00:00Z'), 10)).toEqual(['20261101', '20261102']);
});
