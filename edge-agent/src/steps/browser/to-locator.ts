/** A selector in Playwright's terms: each step inside the one before, the accessible name compared whole. */
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { patternOf, type RoleStep, type Selector, type SelectorStep } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { frameSelector } from './frame-engine.ts';

type Root = Page | Locator | FrameLocator;

/** States that `getByRole` knows; every other key is an attribute of the element. */
const STATES = new Set(['checked', 'disabled', 'expanded', 'pressed', 'selected']);

/**
 * The elements that a selector means. A frame before the last step is gone into; that it is one frame is the caller's to
 * see to (`framesOf`), Playwright takes the first.
 *
 * @throws StepFailure SELECTOR_INVALID
 */
export function toLocator(page: Page, { steps }: Selector): Locator {
  let root: Root = page;
  for (const [index, step] of steps.entries()) {
    const all = oneStep(root, page, step);
    const found = step.nth === undefined ? all : all.nth(step.nth - 1);
    if (index === steps.length - 1) return found;
    root = isFrame(step) ? found.contentFrame() : found;
  }
  throw new TypeError('a selector has at least one step');
}

/** The beginnings of a selector that end in a frame which the rest is looked for in. */
export function framesOf({ steps }: Selector): Selector[] {
  return steps.flatMap((step, index): Selector[] =>
    isFrame(step) && index < steps.length - 1 ? [{ steps: steps.slice(0, index + 1) }] : [],
  );
}

export function isFrame(step: SelectorStep): step is RoleStep & { readonly role: 'frame' } {
  return step.kind === 'role' && step.role === 'frame';
}

/** True when exactly one element is meant, in frames of which each is the only one. */
export async function matchesOnce(page: Page, selector: Selector): Promise<boolean> {
  const counts = await Promise.all([...framesOf(selector), selector].map((part) => toLocator(page, part).count()));
  return counts.every((count) => count === 1);
}

function oneStep(root: Root, page: Page, step: SelectorStep): Locator {
  if (step.kind !== 'role') return root.locator(`${step.kind}=${step.expression}`);
  return isFrame(step) ? root.locator(frameSelector(step)) : byRole(root, page, step);
}

function byRole(root: Root, page: Page, step: RoleStep): Locator {
  if (step.role === 'window' || step.role === 'frame') {
    throw new StepFailure({
      type: 'validation',
      code: 'SELECTOR_INVALID',
      title: 'The selector cannot be used in a browser',
      detail: `The role ${step.role} belongs to the desktop: begin with an element of the page`,
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
