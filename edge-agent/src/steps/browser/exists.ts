/** `browser.exists`: whether a selector matches anything now. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { locateAll, sawAll } from './locate.ts';
import { browserStep } from './step.ts';

export const existsStep: Step = browserStep(BROWSER_STEPS.exists, async ({ target }, scope) => {
  const count = await (await locateAll(scope, target)).count();
  sawAll(scope, target, count);
  return count > 0;
});
