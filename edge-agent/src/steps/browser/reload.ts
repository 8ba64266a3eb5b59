/** `browser.reload`: the page once more. A page that is the answer to a form is left alone: the form would be sent again. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { browserStep } from './step.ts';

/** Fails with RELOAD_SENDS_FORM. */
export const reloadStep: Step = browserStep(BROWSER_STEPS.reload, async ({ expect }, scope) => {
  if (scope.session.isAnswerToForm) throw sendsForm(scope.page.url());
  await scope.page.reload(scope.bound);
  return meet(scope, expect);
});

function sendsForm(url: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'RELOAD_SENDS_FORM',
    title: 'Loading the page again would send a form again',
    detail: `${url} is the answer to a form: go to it by browser.goto, or back and forward`,
    certain: true,
  });
}
