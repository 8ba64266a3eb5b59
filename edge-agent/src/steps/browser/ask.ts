/** Questions to elements of a page: one exchange with the browser each, where Playwright's `Locator.evaluate` takes three. */
import type { Locator } from 'playwright-core';
import type { PageElement } from './in-page.ts';

/** A function that runs in the page, over an element and what can be told as JSON; it uses nothing from outside itself. */
export type Question<Answer, Argument = null> = (element: PageElement, argument: Argument) => Answer;

/** What the only match answers now; empty where there is none, or more than one. */
export function askNow<Answer, Argument>(
  matches: Locator,
  question: Question<Answer, Argument>,
  argument: Argument,
): Promise<Answer[]> {
  // Playwright sends the text of a function: that of the question stands in the one that counts.
  const text = `(found, argument) => found.length === 1 ? [(${question.toString()})(found[0], argument)] : []`;
  return matches.evaluateAll(
    Object.assign(() => [], { toString: () => text }),
    argument,
  );
}

/** What an element answers that was found a moment ago; while the page draws it anew it is waited for. */
export async function ask<Answer, Argument>(
  element: Locator,
  question: Question<Answer, Argument>,
  argument: Argument,
): Promise<Answer> {
  const answers = await askNow(element, question, argument);
  if (answers.length === 1) return answers[0]!;
  return element.evaluate(question as (element: unknown, argument: unknown) => Answer, argument);
}
