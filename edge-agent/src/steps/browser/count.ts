/** `browser.count`: how many elements a selector matches now. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { locateAll, sawAll } from './locate.ts';
import { browserStep } from './step.ts';

export const countStep: Step = browserStep(BROWSER_STEPS.count, async ({ target }, scope) => {
  const count = await (await locateAll(scope, target)).count();
  sawAll(scope, target, count);
  return count;
});
