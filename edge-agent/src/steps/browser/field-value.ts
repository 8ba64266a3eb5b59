/** What a field holds. */
import type { Locator } from 'playwright-core';
import { ask } from './ask.ts';
import type { PageElement } from './in-page.ts';
import type { Said } from './question-engine.ts';
import type { BrowserScope } from './step.ts';

/** The value of a field, also of a page's own kind of field; null for an element that has none. */
export async function fieldValue(scope: BrowserScope, element: Locator): Promise<string | null> {
  const { answer } = await ask(scope, element, 'value');
  return answer ?? ownValue(scope, element);
}

/** What stands in a field, or in what is edited in place, once it is filled; for anything else what it shows. */
export async function filledText(scope: BrowserScope, element: Locator): Promise<Said<string>> {
  for (const question of ['value', 'edited'] as const) {
    const { answer, title } = await ask(scope, element, question);
    if (answer !== null) return { answer, title };
  }
  const answer = (await ownValue(scope, element)) ?? (await element.innerText(scope.bound));
  return { answer, title: null };
}

/** What a page's scripts have made of an element is only seen among them. */
async function ownValue(scope: BrowserScope, element: Locator): Promise<string | null> {
  const value = await element.evaluate((field: unknown): unknown => (field as PageElement).value, null, scope.bound);
  return typeof value === 'string' ? value : null;
}
