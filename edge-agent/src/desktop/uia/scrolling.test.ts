/** The search for what has no place yet, on a double of UI Automation's patterns whose calls take a second each. */
import { expect, test } from 'vitest';
import type { Held } from './held.ts';
import type { Patterns } from './patterns.ts';
import { UiaScrolling } from './scrolling.ts';

test('a list that answers slowly is not paged through to its end, and put back', () => {
  const [item, area] = [{}, {}] as [Held, Held];
  let now = 0;
  const percents: unknown[] = [];
  const patternsDouble = {
    com: {
      call: (...[, , , , , down]: unknown[]) => {
        now += 1_000;
        percents.push(down);
      },
      real: (_: bigint, __: string, what: string) => (what.endsWith('ViewSize') ? 1 : 40),
    },
    by: (held: Held, _: number, act: (pattern: bigint) => void) => {
      if (held === item) return false;
      act(1n);
      return true;
    },
    read: (_: Held, __: number, use: (pattern: bigint) => unknown) => use(1n),
  } as unknown as Patterns;
  const bounds = (held: Held) => (held === item ? null : { x: 0, y: 0, width: 100, height: 100 });
  expect(new UiaScrolling(patternsDouble, bounds, () => now).reveal(item, [area])).toBe(false);
  expect(percents).toHaveLength(6);
  expect(percents.at(-1)).toBe(40);
});
