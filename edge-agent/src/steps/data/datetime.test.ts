import { DATA_STEPS } from '@casare/shared/workflow';
import { expect, test } from 'vitest';
import type { StepContext } from '../../engine/index.ts';
import { datetimeStep } from './datetime.ts';

const step = datetimeStep(() => Date.UTC(2026, 4, 1, 13, 45, 30));
const ask = async (args: object) => DATA_STEPS.datetime.output.parse(await step.run(args, {} as StepContext));

test.each([
  [{}, '2026-05-01T13:45:30.000Z'],
  [{ value: 0 }, '1970-01-01T00:00:00.000Z'],
  [{ value: '2026-05-01T10:00:00+02:00' }, '2026-05-01T10:00:00.000+02:00'],
  [{ value: '2026-05-01T10:00:00', zone: 'Europe/Berlin' }, '2026-05-01T10:00:00.000+02:00'],
  [{ value: '2026-05-01T10:00:00Z', toZone: 'America/New_York' }, '2026-05-01T06:00:00.000-04:00'],
  [{ value: '31.01.2026', read: 'dd.MM.yyyy', add: 'P1M' }, '2026-02-28T00:00:00.000Z'],
  [{ value: '2026-03-28T12:00:00', zone: 'Europe/Berlin', add: 'P1D' }, '2026-03-29T12:00:00.000+02:00'],
  [{ value: '2026-03-28T12:00:00', zone: 'Europe/Berlin', add: 'PT24H' }, '2026-03-29T13:00:00.000+02:00'],
  [{ value: '2026-05-31', add: '-P1M' }, '2026-04-30T00:00:00.000Z'],
  [{ value: '2026-05-14', to: 'endOfMonth' }, '2026-05-31T23:59:59.999Z'],
  [{ value: '2026-05-14', to: 'startOfWeek' }, '2026-05-11T00:00:00.000Z'],
  [{ value: '3 mars 2026', read: 'd MMMM yyyy', locale: 'fr' }, '2026-03-03T00:00:00.000Z'],
])('%j is %s', async (args, iso) => {
  expect(await ask(args)).toMatchObject({ iso });
});

test('is written as asked, and in parts', async () => {
  expect(await ask({ value: '2026-01-04', write: 'd. MMMM yyyy', locale: 'de' })).toEqual({
    text: '4. Januar 2026',
    iso: '2026-01-04T00:00:00.000Z',
    date: '2026-01-04',
    time: '00:00:00',
    zone: 'UTC',
    epochMs: Date.UTC(2026, 0, 4),
    year: 2026,
    month: 1,
    day: 4,
    weekday: 7,
    week: 1,
  });
});

test.each([
  [{ value: '31.02.2026', read: 'dd.MM.yyyy' }],
  [{ value: 'tomorrow' }],
  [{ value: '2026-05-01', zone: 'Mars/Olympus' }],
  [{ value: '2026-05-01', locale: '!!' }],
  [{ value: '2026-05-01', add: 'P1X' }],
])('%j cannot be read', async (args) => {
  await expect(ask(args)).rejects.toMatchObject({ code: 'DATETIME_NOT_READABLE' });
});

test('years beyond all calendars are refused', async () => {
  await expect(ask({ value: '2026-05-01', add: 'P99999Y' })).rejects.toMatchObject({ code: 'DATETIME_OUT_OF_RANGE' });
});
