/**
 * Calls of Playwright's that themselves wait for their element, take one and fail for several: where the selector says what
 * it finds, the page is not asked before, which would take as long as most calls. What it asks for is asked after a failure.
 */
import type { Locator } from 'playwright-core';
import type { StepFailure } from '../../engine/index.ts';
import { saysWhatItFinds } from './exact-selector.ts';
import { checkOne, locateOne, sawOne, selectorOf } from './locate.ts';
import type { BrowserScope } from './step.ts';
import { framesOf, toLocator } from './to-locator.ts';

/** What Playwright's log says when an action on an element begins. A page whose own text says so only makes it doubtful. */
const BEGAN = /performing \w+ action/;
/** How a call ends that was given up, that found several elements, or one of a kind that it is not for. */
const UNMET = /aborted due to timeout|^\S+ (Error: )?(strict mode violation|Element is not a <select>)/;

/**
 * What a call over the one element that `target` means resolves with.
 *
 * @param explain why the call was not carried out, where the element itself can tell
 * @throws StepFailure SELECTOR_INVALID, SELECTOR_NO_MATCH, SELECTOR_AMBIGUOUS; nothing was touched
 */
export async function withOne<T>(
  scope: BrowserScope,
  target: string,
  call: (element: Locator) => Promise<T>,
  explain: (element: Locator) => Promise<StepFailure | null> = () => Promise.resolve(null),
): Promise<T> {
  const selector = selectorOf(target);
  const isBound = scope.context.checkSecretAddress !== undefined;
  const isLookedFor = isBound || framesOf(selector).length > 0 || !saysWhatItFinds(selector);
  const element = isLookedFor ? await locateOne(scope, target) : toLocator(scope.page, selector);
  try {
    const result = await call(element);
    if (!isLookedFor) await sawOne(scope, selector, target, element);
    return result;
  } catch (error) {
    if (!wasUnmet(error) || scope.context.signal.aborted) throw error;
    if (!isLookedFor) await checkOne(scope, selector, target);
    throw (await explain(element)) ?? error;
  }
}

/** True for a call that did nothing: given up while it waited, or not for what it found. */
export function wasUnmet(error: unknown): boolean {
  if (!(error instanceof Error) || hasBegun(error)) return false;
  const isUnmet = error.name === 'TimeoutError' || error.name === 'AbortError' || UNMET.test(error.message);
  return isUnmet && error.message.includes('\nCall log:');
}

/** True when the action of a call that failed had begun. */
export function hasBegun(error: unknown): boolean {
  return error instanceof Error && BEGAN.test(error.message.split('\nCall log:')[1] ?? '');
}
