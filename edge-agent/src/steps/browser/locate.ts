/**
 * From selectors to elements of a page. A target means exactly one element: none or several is a failure that lists
 * selectors which would have matched, ready to be copied.
 */
import type { Locator, Page } from 'playwright-core';
import { formatSelector, parseSelector, patternOf, type RoleStep, type Selector } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { candidatesFor } from './candidates.ts';
import { alertsOfDocument } from './in-page.ts';
import type { BrowserScope } from './step.ts';
import { within } from './within.ts';

/** States that `getByRole` knows; every other key is an attribute of the element. */
const STATES = new Set(['checked', 'disabled', 'expanded', 'pressed', 'selected']);
const EXPLAIN_MS = 1_500;

/**
 * The one element that `target` means, waiting for it to appear until the step's time is over.
 *
 * @throws StepFailure SELECTOR_INVALID, SELECTOR_NO_MATCH, SELECTOR_AMBIGUOUS; nothing was touched
 */
export async function locateOne(scope: BrowserScope, target: string): Promise<Locator> {
  const selector = selectorOf(target);
  const locator = toLocator(scope.page, selector);
  for (;;) {
    try {
      await locator.first().waitFor({ state: 'attached', ...scope.bound });
    } catch (error) {
      if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
      throw await noMatch(scope, selector);
    }
    const count = await locator.count();
    if (count === 1) return locator;
    if (count > 1) throw await ambiguous(scope, selector, count);
  }
}

/** Every element that `target` matches now. */
export function locateAll(page: Page, target: string): Locator {
  return toLocator(page, selectorOf(target));
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

/** A selector in Playwright's terms: each step inside the one before, the accessible name compared whole. */
export function toLocator(page: Page, selector: Selector): Locator {
  let found: Page | Locator = page;
  for (const step of selector.steps) {
    const inner: Locator =
      step.kind === 'role' ? byRole(found, page, step) : found.locator(`${step.kind}=${step.expression}`);
    found = step.nth === undefined ? inner : inner.nth(step.nth - 1);
  }
  return found as Locator;
}

function byRole(root: Page | Locator, page: Page, step: RoleStep): Locator {
  if (step.role === 'window') {
    throw new StepFailure({
      type: 'validation',
      code: 'SELECTOR_INVALID',
      title: 'The selector cannot be used in a browser',
      detail: 'The role window belongs to the desktop: begin with an element of the page',
      certain: true,
    });
  }
  const name =
    step.name === undefined
      ? {}
      : step.name.kind === 'exact'
        ? { name: step.name.text, exact: true }
        : { name: patternOf(step.name) };
  const states = step.attributes
    .filter(({ key }) => STATES.has(key))
    .map(({ key, value }): [string, boolean] => [key, value === 'true']);
  const level = step.attributes.find(({ key }) => key === 'level');
  let found = root.getByRole(step.role, {
    ...name,
    ...Object.fromEntries(states),
    ...(level === undefined ? {} : { level: Number(level.value) }),
  });
  for (const { key, value } of step.attributes) {
    if (STATES.has(key) || key === 'level') continue;
    const text = cssString(value);
    found = found.and(page.locator(key === 'id' ? `css=[data-testid=${text}], [id=${text}]` : `css=[${key}=${text}]`));
  }
  return found;
}

/** A CSS string (CSS Syntax 3, section 4.3.5): quotes, backslashes and line breaks are escaped. */
function cssString(text: string): string {
  return `"${text.replaceAll(/["\\\n\r\f]/g, (char) => `\\${char.charCodeAt(0).toString(16)} `)}"`;
}

/** What the page itself says went wrong, as a sentence to add to a failure; empty if it says nothing. */
export async function alertsOf(page: Page): Promise<string> {
  try {
    const alerts = await within(EXPLAIN_MS, page.evaluate(alertsOfDocument));
    return alerts.length === 0 ? '' : `. The page says: ${alerts.map((alert) => JSON.stringify(alert)).join(', ')}`;
  } catch {
    return '';
  }
}

async function noMatch(scope: BrowserScope, selector: Selector): Promise<StepFailure> {
  const candidates = await candidatesFor(scope.page, selector, toLocator, AbortSignal.timeout(EXPLAIN_MS));
  const nearest = candidates.length === 0 ? 'The page has nothing like it' : `Nearest: ${candidates.join(' | ')}`;
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'SELECTOR_NO_MATCH',
    title: 'The selector matches no element',
    detail: `${formatSelector(selector)} matches nothing on ${scope.page.url()}. ${nearest}${await alertsOf(scope.page)}`,
    certain: true,
  });
}

async function ambiguous(scope: BrowserScope, selector: Selector, count: number): Promise<StepFailure> {
  const candidates = await candidatesFor(scope.page, selector, toLocator, AbortSignal.timeout(EXPLAIN_MS));
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'SELECTOR_AMBIGUOUS',
    title: 'The selector matches several elements',
    detail: `${formatSelector(selector)} matches ${count} elements on ${scope.page.url()}; choose one: ${candidates.join(' | ')}`,
    certain: true,
  });
}
