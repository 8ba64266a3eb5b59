import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forecast, type Backlog, type Prospect } from './forecast.decision.ts';

const backlog: Backlog = { ahead: 10, endings: 6, spanMs: 60_000 };
const prospect: Prospect = { able: 0, busy: 2, notBeforeMs: null };

test.each<[string, Partial<Backlog> | null, Partial<Prospect>, number | null]>([
  ['ten before it, one ends every 10 s', {}, {}, 110_000],
  ['nothing before it, agents busy', { ahead: 0 }, {}, 10_000],
  ['a free agent for it', { ahead: 0 }, { able: 1 }, 0],
  ['free agents for it and for those before it', { ahead: 2 }, { able: 3 }, 0],
  ['free agents for some of those before it', { ahead: 4 }, { able: 3 }, 20_000],
  ['no agent that could ever', {}, { busy: 0 }, null],
  ['no agent, though the time is known', null, { busy: 0, notBeforeMs: 5_000 }, null],
  ['waits for a time', null, { notBeforeMs: 5_000 }, 5_000],
  ['waits for a key: nobody knows', null, {}, null],
  ['too few endings to tell', { endings: 2 }, {}, null],
  ['no endings', { endings: 0, spanMs: 0 }, {}, null],
  ['more before it than were counted', { ahead: 100 }, {}, null],
])('%s', (_, given, more, expected) => {
  const stands = given === null ? null : { ...backlog, ...given };
  expect(forecast(stands, { ...prospect, ...more }, 100)).toBe(expected);
});

test('more jobs before it never make it start earlier', () => {
  const number = fc.nat(99);
  fc.assert(
    fc.property(number, number, number, number, fc.integer({ min: 1, max: 1e9 }), (a, b, able, endings, spanMs) => {
      const at = (ahead: number) => forecast({ ahead, endings, spanMs }, { ...prospect, able }, 1_000);
      const [near, far] = [at(Math.min(a, b)), at(Math.max(a, b))];
      expect(near === null ? far : 0).toBe(near === null ? null : 0);
      if (near !== null && far !== null) expect(far).toBeGreaterThanOrEqual(near);
    }),
  );
});
