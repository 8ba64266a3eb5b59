/** Windows that end while they are asked to, on a double of UI Automation's patterns. */
import { expect, test } from 'vitest';
import type { TopWindows } from '../win32/windows.ts';
import { faultOf } from './faults.ts';
import type { Held } from './held.ts';
import type { Patterns } from './patterns.ts';
import { WindowActs } from './window-acts.ts';

/** Whose Close answers with a number of COM's. */
const closing = (result: number) => () => {
  const patternsDouble = {
    by: () => {
      throw faultOf(result, 'Close');
    },
  } as unknown as Patterns;
  new WindowActs(patternsDouble, {} as TopWindows).close({} as Held);
};

test.each([
  ['UIA_E_ELEMENTNOTAVAILABLE', 0x80040201],
  ['UIA_E_TIMEOUT', 0x80131505],
])('%s after Close is no failure: it was asked to', (_, result) => {
  expect(closing(result)).not.toThrow();
});

test('any other answer is one', () => {
  expect(closing(0x8000ffff)).toThrow('0x8000ffff');
});
