/**
 * Carries out one action of Playwright, which waits itself until the element is there, visible, enabled, still and not
 * covered. A step that failed while it still waited has done nothing, and says so.
 */
import type { Locator, Page } from 'playwright-core';
import type { StepFailure } from '../../engine/index.ts';
import type { BrowserScope } from './step.ts';
import { hasBegun, wasUnmet, withOne } from './with-one.ts';
import { within } from '../within.ts';

const CLOSED = /Target page, context or browser has been closed/;
/** For a tab that closes, and the one after it to answer, milliseconds each. */
const CLOSING_MS = 2_000;

/**
 * Finds the one element that `target` means and carries out an action on it: one that waits for its element first (click,
 * fill, check, choose). Says that the step acts unless the action ended before it began.
 *
 * @param explain why an action was not begun, where the element itself can tell
 * @throws StepFailure as `withOne`
 */
export function actOn(
  scope: BrowserScope,
  target: string,
  action: (element: Locator) => Promise<unknown>,
  explain?: (element: Locator) => Promise<StepFailure | null>,
): Promise<Locator> {
  const act = async (element: Locator): Promise<Locator> => {
    await perform(scope, () => action(element));
    return element;
  };
  return withOne(scope, target, act, explain);
}

async function perform(scope: BrowserScope, action: () => Promise<unknown>): Promise<void> {
  const { page } = scope;
  try {
    await action();
  } catch (error) {
    if (wasUnmet(error)) throw error;
    scope.acting();
    if (!hasBegun(error) || !(await hasClosedItself(scope, page, error))) throw error;
  }
  scope.acting();
}

/**
 * True when the tab of an action has closed itself meanwhile, as a window does when its button is pressed: the action has
 * been carried out, and the step goes on in the tab that is current now. Not when the whole browser has ended.
 */
export async function hasClosedItself(scope: BrowserScope, page: Page, error: unknown): Promise<boolean> {
  if (!(error instanceof Error) || !CLOSED.test(error.message)) return false;
  try {
    // The call may fail before the tab is known to be closed.
    if (!page.isClosed()) await page.waitForEvent('close', { timeout: CLOSING_MS });
    if (scope.page === page) return false;
    // Answered only by a browser that lives.
    await within(CLOSING_MS, scope.page.title());
    return true;
  } catch {
    return false;
  }
}
