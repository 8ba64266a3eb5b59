/** `browser.click`: as long as the element cannot be used nothing is done; only the click itself can be in doubt. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { actOn } from './perform.ts';
import { browserStep } from './step.ts';

export const clickStep: Step = browserStep(BROWSER_STEPS.click, async ({ target, button, count, expect }, scope) => {
  await actOn(scope, target, (element) =>
    element.click({ button: button ?? 'left', clickCount: count ?? 1, ...scope.bound }),
  );
  return meet(scope, expect);
});
