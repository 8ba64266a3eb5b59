/** `browser.tab.close`: closes the current tab; the one that opened it is current again. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { pageState } from './expectation.ts';
import { browserStep } from './step.ts';

/** Fails with LAST_TAB. */
export const tabCloseStep: Step = browserStep(BROWSER_STEPS.tabClose, async (_args, scope) => {
  if (scope.session.tabs.all.length === 1) {
    throw new StepFailure({
      type: 'runtime',
      status: 409,
      code: 'LAST_TAB',
      title: 'This is the only tab',
      detail: 'A session has at least one tab: use browser.close to end it',
      certain: true,
    });
  }
  await scope.page.close();
  return pageState(scope);
});
