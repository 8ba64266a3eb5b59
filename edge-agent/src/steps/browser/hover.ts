/** `browser.hover`: the pointer rests on an element. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { browserStep } from './step.ts';
import { withOne } from './with-one.ts';

export const hoverStep: Step = browserStep(BROWSER_STEPS.hover, async ({ target, expect }, scope) => {
  await withOne(scope, target, (element) => element.hover(scope.bound));
  return meet(scope, expect);
});
