/** `browser.attribute`: an attribute of an element. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { browserStep } from './step.ts';

export const attributeStep: Step = browserStep(BROWSER_STEPS.attribute, async ({ target, name }, scope) =>
  (await locateOne(scope, target)).getAttribute(name, scope.bound),
);
