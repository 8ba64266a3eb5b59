/** Puts questions to elements of a page, one exchange with the browser each (see `question-engine.ts`). */
import type { Locator } from 'playwright-core';
import { questionSelector, type Along, type AnswerTo, type QuestionName, type Said } from './question-engine.ts';
import type { BrowserScope } from './step.ts';

/**
 * What the one element answers; while it is not there, as when the page draws it anew, it is waited for until `bound` ends it.
 * A title is that of the current tab. Throws what Playwright throws for a text: also when there are several elements.
 */
export async function ask<Name extends QuestionName>(
  scope: Pick<BrowserScope, 'page' | 'bound'>,
  element: Locator,
  name: Name,
  ...along: Along<Name>
): Promise<Said<AnswerTo<Name>>> {
  const text = await element.locator(questionSelector(name, along)).textContent(scope.bound);
  const said = JSON.parse(text ?? '') as Said<AnswerTo<Name>>;
  return element.page() === scope.page ? said : { ...said, title: null };
}
