/** Steps that read one thing of the page and change nothing. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { locateAll, locateOne } from './locate.ts';
import { browserStep } from './step.ts';

export const textStep: Step = browserStep(BROWSER_STEPS.text, async ({ target }, scope) =>
  (await locateOne(scope, target)).innerText(scope.bound),
);

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

export const attributeStep: Step = browserStep(BROWSER_STEPS.attribute, async ({ target, name }, scope) =>
  (await locateOne(scope, target)).getAttribute(name, scope.bound),
);

export const countStep: Step = browserStep(BROWSER_STEPS.count, ({ target }, scope) =>
  locateAll(scope.page, target).count(),
);

export const existsStep: Step = browserStep(
  BROWSER_STEPS.exists,
  async ({ target }, scope) => (await locateAll(scope.page, target).count()) > 0,
);

export const waitForStep: Step = browserStep(BROWSER_STEPS.waitFor, (expected, scope) => meet(scope, expected));
