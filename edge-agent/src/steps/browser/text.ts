/** `browser.text`: what an element shows. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { browserStep } from './step.ts';

export const textStep: Step = browserStep(BROWSER_STEPS.text, async ({ target }, scope) =>
  (await locateOne(scope, target)).innerText(scope.bound),
);
