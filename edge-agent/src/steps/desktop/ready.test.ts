/** Which dialog keeps a window from taking input, by what a desktop says of its windows. */
import { expect, test } from 'vitest';
import type { DesktopElement, DesktopWindow } from '../../desktop/index.ts';
import { dialogBefore } from './ready.ts';
import type { DesktopScope } from './step.ts';

type ElementState = DesktopElement['states'] extends ReadonlySet<infer State> ? State : never;

const windowOf = (title: string, ...states: ElementState[]) =>
  ({
    title,
    process: 1,
    element: { ref: title, states: new Set<ElementState>(['showing', ...states]) },
  }) as unknown as DesktopWindow;

const [free, blocked] = [windowOf('Two'), windowOf('One', 'blocked')];
const [options, colours] = [windowOf('Options', 'modal', 'blocked'), windowOf('Colours', 'modal')];

/** A desktop with these windows. */
const before = (saysBlocked: boolean, window: DesktopWindow, ...others: DesktopWindow[]) =>
  dialogBefore(
    {
      driver: { elements: { saysBlocked } },
      session: { windows: async () => [window, ...others] },
    } as unknown as DesktopScope,
    window,
  );

test('a desktop whose windows say that they are blocked: each by itself', async () => {
  expect(await before(true, free, blocked, colours)).toBeNull();
  expect(await before(true, blocked, free, colours)).toBe('the dialog "Colours" waits for an answer');
  expect(await before(true, options, blocked, colours)).toBe('the dialog "Colours" waits for an answer');
  expect(await before(true, blocked, options, colours)).toBe('a dialog of its window waits for an answer');
  expect(await before(true, colours, blocked)).toBeNull();
});

test('a desktop whose windows do not: any modal window of the program', async () => {
  expect(await before(false, free, colours)).toBe('the dialog "Colours" waits for an answer');
  expect(await before(false, free, windowOf('Three'))).toBeNull();
  expect(await before(false, colours, free, options)).toBeNull();
});
