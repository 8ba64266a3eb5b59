/** `browser.value`: what a field holds. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { fieldValue } from './field-value.ts';
import { browserStep } from './step.ts';
import { withOne } from './with-one.ts';

/** Fails with NOT_A_FIELD for an element that has no value. */
export const valueStep: Step = browserStep(BROWSER_STEPS.value, async ({ target }, scope) => {
  const value = await withOne(scope, target, (element) => fieldValue(scope, element));
  if (value !== null) return value;
  throw new StepFailure({
    type: 'runtime',
    code: 'NOT_A_FIELD',
    title: 'The element has no value',
    detail: `${target} is not a field: use browser.text to read what it shows`,
    certain: true,
  });
});
