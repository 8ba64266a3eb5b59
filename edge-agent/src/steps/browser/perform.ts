/**
 * Carries out one action of Playwright, which waits itself until the element is there, visible, enabled, still and not
 * covered. A step that failed while it still waited has done nothing, and says so: Playwright's log of the call names the
 * moment in which it begins to act.
 */
import type { Page } from 'playwright-core';
import type { BrowserScope } from './step.ts';
import { within } from '../within.ts';

/** What the log says when an action on an element begins. A page whose own text says so only makes the outcome doubtful. */
const BEGAN = /performing \w+ action/;
const CLOSED = /Target page, context or browser has been closed/;
/** For a tab that closes, and the one after it to answer, milliseconds each. */
const CLOSING_MS = 2_000;

/**
 * Announces that the step acts, unless the action ended in time, before it began. Only for actions that wait for their
 * element first: click, fill, check, choose.
 */
export async function perform(scope: BrowserScope, action: () => Promise<void>): Promise<void> {
  const { page } = scope;
  try {
    await action();
  } catch (error) {
    if (wasWaiting(error)) throw error;
    scope.acting();
    const began = error instanceof Error && BEGAN.test(error.message);
    if (!began || !(await hasClosedItself(scope, page, error))) throw error;
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

/** True for an action that was given up while it waited: it was not begun and nothing else went wrong. */
function wasWaiting(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const gaveUp =
    error.name === 'TimeoutError' || error.name === 'AbortError' || /aborted due to timeout/.test(error.message);
  const log = error.message.split('\nCall log:')[1];
  return gaveUp && log !== undefined && !BEGAN.test(log);
}
