/** Loading an address, for `browser.open` and `browser.goto`. */
import type { Expectation, PageState } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import type { BrowserScope } from './step.ts';

/** Answers with these codes usually carry the sign-in form: the page is shown, the step goes on. */
const SIGN_IN_STATUS = new Set([401, 403]);

/** @throws StepFailure URL_UNREACHABLE (503), URL_ANSWERED_ERROR with the answer's own status */
export async function load(scope: BrowserScope, url: string, expect: Expectation | undefined): Promise<PageState> {
  const response = await scope.page.goto(url, { waitUntil: 'load', ...scope.bound });
  const status = response?.status() ?? 200;
  if (status >= 400 && !SIGN_IN_STATUS.has(status)) {
    throw new StepFailure({
      type: 'communication',
      status,
      code: 'URL_ANSWERED_ERROR',
      title: 'The address answered with an error',
      detail: `${url} answered ${status} ${response?.statusText() ?? ''}`.trim(),
      certain: true,
    });
  }
  return meet(scope, expect);
}
