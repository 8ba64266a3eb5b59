/** `browser.click`: the element is proven usable by a trial before the click, so only the click itself can be in doubt. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { locateOne } from './locate.ts';
import { browserStep } from './step.ts';

export const clickStep: Step = browserStep(BROWSER_STEPS.click, async ({ target, button, count, expect }, scope) => {
  const element = await locateOne(scope, target);
  await element.click({ trial: true, ...scope.bound });
  scope.acting();
  await element.click({ button: button ?? 'left', clickCount: count ?? 1, ...scope.bound });
  return meet(scope, expect);
});
