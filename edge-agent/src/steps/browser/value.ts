/** `browser.value`: what a field holds. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { browserStep } from './step.ts';

/** Fails with NOT_A_FIELD for an element that has no value. */
export const valueStep: Step = browserStep(BROWSER_STEPS.value, async ({ target }, scope) => {
  const field = await locateOne(scope, target);
  const value = await field.evaluate((element: { value?: unknown }) => element.value);
  if (typeof value === 'string') return value;
  throw new StepFailure({
    type: 'runtime',
    code: 'NOT_A_FIELD',
    title: 'The element has no value',
    detail: `${target} is not a field: use browser.text to read what it shows`,
    certain: true,
  });
});
