/** `browser.text`: what an element shows. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';
import { withOne } from './with-one.ts';

export const textStep: Step = browserStep(BROWSER_STEPS.text, ({ target }, scope) =>
  withOne(scope, target, (element) => element.innerText(scope.bound)),
);
