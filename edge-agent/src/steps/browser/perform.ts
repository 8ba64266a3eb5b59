/**
 * Carries out one action of Playwright, which waits itself until the element is there, visible, enabled, still and not
 * covered. A step that failed while it still waited has done nothing, and says so: Playwright's log of the call names the
 * moment in which it begins to act.
 */
import type { BrowserScope } from './step.ts';

/** What the log says when an action on an element begins. A page whose own text says so only makes the outcome doubtful. */
const BEGAN = /performing \w+ action/;

/**
 * Announces that the step acts, unless the action ended in time, before it began. Only for actions that wait for their
 * element first: click, fill, check, choose.
 */
export async function perform(scope: BrowserScope, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!wasWaiting(error)) scope.acting();
    throw error;
  }
  scope.acting();
}

/** True for an action that was given up while it waited: it was not begun and nothing else went wrong. */
function wasWaiting(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const gaveUp =
    error.name === 'TimeoutError' || error.name === 'AbortError' || /aborted due to timeout/.test(error.message);
  const log = error.message.split('\nCall log:')[1];
  return gaveUp && log !== undefined && !BEGAN.test(log);
}
