/** What a field holds. */
import type { Locator } from 'playwright-core';
import { ask } from './ask.ts';
import type { BrowserScope } from './step.ts';

const NO_INPUT = /Node is not an <input>/;

/** The value of a field, also of a page's own kind of field; null for an element that has none. */
export async function fieldValue(scope: BrowserScope, element: Locator): Promise<string | null> {
  try {
    return await element.inputValue(scope.bound);
  } catch (error) {
    if (!(error instanceof Error) || !NO_INPUT.test(error.message)) throw error;
    const value: unknown = await ask(element, (field) => field.value, null);
    return typeof value === 'string' ? value : null;
  }
}
