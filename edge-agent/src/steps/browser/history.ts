/** What `browser.back`, `browser.forward` and `browser.reload` share. */
import type { Response } from 'playwright-core';
import type { Expectation, PageState } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import type { BrowserScope } from './step.ts';

/**
 * Goes along the tab's history.
 * @throws StepFailure HISTORY_END where there is no page in that direction
 */
export async function goAlong(
  scope: BrowserScope,
  direction: 'back' | 'forward',
  go: () => Promise<Response | null>,
  expect: Expectation | undefined,
): Promise<PageState> {
  const before = scope.page.url();
  const response = await go();
  if (response === null && scope.page.url() === before) throw historyEnd(direction, before);
  return meet(scope, expect);
}

function historyEnd(direction: 'back' | 'forward', url: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'HISTORY_END',
    title: `There is no page to go ${direction} to`,
    detail: `${url} is the ${direction === 'back' ? 'first' : 'last'} page of this tab`,
    certain: true,
  });
}
