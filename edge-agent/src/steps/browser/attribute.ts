/** `browser.attribute`: an attribute of an element. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';
import { withOne } from './with-one.ts';

export const attributeStep: Step = browserStep(BROWSER_STEPS.attribute, ({ target, name }, scope) =>
  withOne(scope, target, (element) => element.getAttribute(name, scope.bound)),
);
