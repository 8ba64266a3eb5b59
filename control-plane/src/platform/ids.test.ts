import { expect, test } from 'vitest';
import { ManualClock } from './clock.ts';
import { createIds, randomToken } from './ids.ts';

test('ids are UUIDv7 of the clock, and rise also within a millisecond and when the clock steps back', () => {
  const clock = new ManualClock('2026-11-23T09:00:00.000Z');
  const ids = createIds(clock);
  const made = Array.from({ length: 5_000 }, () => ids.next());
  clock.advance(-60_000);
  made.push(...Array.from({ length: 100 }, () => ids.next()));
  clock.advance(120_000);
  made.push(ids.next());
  expect(made).toEqual(made.toSorted());
  expect(new Set(made).size).toBe(made.length);
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(parseInt(made[0]!.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.parse('2026-11-23T09:00:00.000Z'));
});

test('a token has the bytes asked for', () => {
  expect(randomToken(32)).toMatch(/^[A-Za-z0-9_-]{43}$/);
});
