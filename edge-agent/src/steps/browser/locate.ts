/**
 * From selectors to elements of a page. A target means exactly one element: none or several is a failure that lists
 * selectors which would have matched, ready to be copied. What was found is noted for the step's record.
 */
import type { Locator } from 'playwright-core';
import { formatSelector, parseSelector, type Selector } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { candidatesFor } from './candidates.ts';
import { exactSelectorOf } from './exact-selector.ts';
import { alertsOfDocument } from './in-page.ts';
import { placeForSecret } from './secret-place.ts';
import type { BrowserScope } from './step.ts';
import { framesOf, toLocator } from './to-locator.ts';
import { untilAborted } from '../within.ts';

const EXPLAIN_MS = 1_500;

/**
 * The one element that `target` means, waiting for it to appear until the step's time is over.
 *
 * @throws StepFailure SELECTOR_INVALID, SELECTOR_NO_MATCH, SELECTOR_AMBIGUOUS; nothing was touched
 */
export async function locateOne(scope: BrowserScope, target: string): Promise<Locator> {
  const selector = selectorOf(target);
  for (const frame of framesOf(selector)) await waitForOne(scope, frame, target);
  const locator = await waitForOne(scope, selector, target);
  await sawOne(scope, selector, target, locator);
  await placeForSecret(scope, locator);
  return locator;
}

/**
 * After a call that came to nothing: was there one element at all? If so it is noted.
 *
 * @throws StepFailure SELECTOR_NO_MATCH, SELECTOR_AMBIGUOUS
 */
export async function checkOne(scope: BrowserScope, selector: Selector, target: string): Promise<void> {
  const locator = toLocator(scope.page, selector);
  const matches = await untilAborted(untilExplained(scope), locator.count());
  if (matches === 0) throw await noMatch(scope, selector, target);
  if (matches > 1) throw await ambiguous(scope, selector, target, matches);
  await sawOne(scope, selector, target, locator);
}

/** Notes what was found for the step's record. */
export async function sawOne(scope: BrowserScope, selector: Selector, target: string, locator: Locator): Promise<void> {
  const found = await exactSelectorOf(scope.page, selector, locator);
  scope.context.see({ target: { selector: target, found, matches: 1 } });
}

/**
 * Every element that `target` matches now; a frame in it must be one.
 *
 * @throws StepFailure SELECTOR_INVALID, SELECTOR_AMBIGUOUS
 */
export async function locateAll(scope: BrowserScope, target: string): Promise<Locator> {
  const selector = selectorOf(target);
  for (const frame of framesOf(selector)) {
    const matches = await toLocator(scope.page, frame).count();
    if (matches > 1) throw await ambiguous(scope, frame, target, matches);
  }
  return toLocator(scope.page, selector);
}

/** Notes how many elements a step that reads several has found. */
export function sawAll(scope: BrowserScope, target: string, matches: number): void {
  scope.context.see({ target: { selector: target, found: null, matches } });
}

/** The parsed selector; documents are checked earlier, but a target may be computed. */
export function selectorOf(target: string): Selector {
  const parsed = parseSelector(target);
  if (parsed.ok) return parsed.selector;
  throw new StepFailure({
    type: 'validation',
    code: 'SELECTOR_INVALID',
    title: 'The selector cannot be read',
    detail: `${parsed.message} (at character ${parsed.at + 1} of ${JSON.stringify(target.slice(0, 200))})`,
    certain: true,
  });
}

async function waitForOne(scope: BrowserScope, selector: Selector, target: string): Promise<Locator> {
  const locator = toLocator(scope.page, selector);
  for (;;) {
    // Most often it is there already: one question to the page.
    const matches = await untilAborted(scope.signal, locator.count());
    if (matches === 1) return locator;
    if (matches > 1) throw await ambiguous(scope, selector, target, matches);
    try {
      await locator.first().waitFor({ state: 'attached', ...scope.bound });
    } catch (error) {
      if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
      throw await noMatch(scope, selector, target);
    }
  }
}

/** What the page itself says went wrong, as a sentence to add to a failure; empty if it says nothing. */
export async function alertsOf(scope: BrowserScope): Promise<string> {
  try {
    const alerts = await untilAborted(untilExplained(scope), scope.page.evaluate(alertsOfDocument));
    return alerts.length === 0 ? '' : `. The page says: ${alerts.map((alert) => JSON.stringify(alert)).join(', ')}`;
  } catch {
    return '';
  }
}

function untilExplained({ explaining }: BrowserScope): AbortSignal {
  return AbortSignal.any([explaining, AbortSignal.timeout(EXPLAIN_MS)]);
}

async function noMatch(scope: BrowserScope, selector: Selector, target: string): Promise<StepFailure> {
  const candidates = await candidatesFor(scope.page, selector, untilExplained(scope));
  sawNone(scope, target, 0, candidates);
  const nearest = candidates.length === 0 ? 'The page has nothing like it' : `Nearest: ${candidates.join(' | ')}`;
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'SELECTOR_NO_MATCH',
    title: 'The selector matches no element',
    detail: `${formatSelector(selector)} matches nothing on ${scope.page.url()}. ${nearest}${await alertsOf(scope)}`,
    certain: true,
  });
}

async function ambiguous(
  scope: BrowserScope,
  selector: Selector,
  target: string,
  matches: number,
): Promise<StepFailure> {
  const candidates = await candidatesFor(scope.page, selector, untilExplained(scope));
  sawNone(scope, target, matches, candidates);
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'SELECTOR_AMBIGUOUS',
    title: 'The selector matches several elements',
    detail: `${formatSelector(selector)} matches ${matches} elements on ${scope.page.url()}; choose one: ${candidates.join(' | ')}`,
    certain: true,
  });
}

function sawNone(scope: BrowserScope, target: string, matches: number, candidates: readonly string[]): void {
  scope.context.see({
    target: { selector: target, found: null, matches, candidates: [...candidates] },
  });
}
