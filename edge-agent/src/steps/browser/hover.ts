/** `browser.hover`: the pointer rests on an element. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { locateOne } from './locate.ts';
import { browserStep } from './step.ts';

export const hoverStep: Step = browserStep(BROWSER_STEPS.hover, async ({ target, expect }, scope) => {
  const element = await locateOne(scope, target);
  await element.hover(scope.bound);
  return meet(scope, expect);
});
