/** `browser.press`: a key or a combination, on an element or where the focus is. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { locateOne } from './locate.ts';
import { hasClosedItself } from './perform.ts';
import { waitUntilReady } from './ready.ts';
import { browserStep } from './step.ts';

/** Fails with KEY_UNKNOWN for a name that is no key. */
export const pressStep: Step = browserStep(BROWSER_STEPS.press, async ({ target, key, expect }, scope) => {
  const element = target === undefined ? null : await locateOne(scope, target);
  if (element !== null) await waitUntilReady(scope, element, 'enabled');
  const { page } = scope;
  scope.acting();
  try {
    await (element === null ? page.keyboard.press(key) : element.press(key, scope.bound));
  } catch (error) {
    if (await hasClosedItself(scope, page, error)) return meet(scope, expect);
    if (!(error instanceof Error) || !error.message.includes('Unknown key')) throw error;
    throw new StepFailure({
      type: 'validation',
      code: 'KEY_UNKNOWN',
      title: 'There is no such key',
      detail: `${JSON.stringify(key)} is not a key: write names such as Enter, Tab, ArrowDown, F5 or Control+A`,
    });
  }
  return meet(scope, expect);
});
