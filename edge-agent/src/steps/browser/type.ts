/** `browser.type`: a text key by key, as a person types it; what the field does with it is up to the page. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { locateOne } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { browserStep } from './step.ts';

export const typeStep: Step = browserStep(BROWSER_STEPS.type, async ({ target, text, delayMs, expect }, scope) => {
  const field = target === undefined ? scope.page.locator('css=:focus') : await locateOne(scope, target);
  await waitUntilReady(scope, field, 'editable');
  if (scope.context.usesSecret) scope.session.memory.cover(field);
  scope.acting();
  await field.pressSequentially(text, { delay: delayMs ?? 0, ...scope.bound });
  return meet(scope, expect);
});
