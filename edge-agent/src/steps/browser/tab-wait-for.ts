/** `browser.tab.waitFor`: goes on in the tab that the page has opened and no step has looked at, or opens next. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { browserStep } from './step.ts';
import { untilAborted } from '../within.ts';

/** Fails with TAB_NOT_OPENED (408). */
export const tabWaitForStep: Step = browserStep(BROWSER_STEPS.tabWaitFor, async ({ expect }, scope) => {
  const page = await untilAborted(scope.signal, scope.session.tabs.nextUnseen(scope.signal)).catch((error: unknown) => {
    throw scope.context.signal.aborted ? error : notOpened(scope.page.url());
  });
  scope.session.tabs.switchTo(page);
  await page.waitForLoadState('domcontentloaded', scope.bound);
  return meet(scope, expect);
});

function notOpened(url: string): StepFailure {
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'TAB_NOT_OPENED',
    title: 'No tab was opened',
    detail: `${url} has opened no tab that was not gone to yet`,
    certain: true,
  });
}
