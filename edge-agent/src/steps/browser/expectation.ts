/** Waiting for the page to become what the document expects after a step. */
import type { Expectation, PageState } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { alertsOf, selectorOf } from './locate.ts';
import type { BrowserScope } from './step.ts';
import { toLocator } from './to-locator.ts';
import { urlPattern } from './url-pattern.ts';

/**
 * Waits until all given conditions have held, then describes the page. `visible` is met by any visible match, `gone`
 * when no match is visible.
 *
 * @param title of the page after the step has acted, where an answer has brought it; what is waited for may change it
 * @throws StepFailure EXPECTATION_NOT_MET (408)
 */
export async function meet(
  scope: BrowserScope,
  expected: Expectation | undefined,
  title: string | null = null,
): Promise<PageState> {
  const conditions = conditionsOf(scope, expected ?? {});
  for (const [condition, wait] of conditions) {
    try {
      await wait();
    } catch (error) {
      if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
      throw await notMet(scope, condition);
    }
  }
  return pageState(scope, conditions.length === 0 ? title : null);
}

function conditionsOf({ page, bound }: BrowserScope, expected: Expectation): [string, () => Promise<void>][] {
  const conditions: [string, () => Promise<void>][] = [];
  const { visible, gone, url } = expected;
  if (url !== undefined) {
    const pattern = urlPattern(url);
    const wait = (): Promise<void> =>
      page.waitForURL((current) => pattern.test(current.href), { waitUntil: 'commit', ...bound });
    conditions.push([`the address to be ${url}`, wait]);
  }
  if (visible !== undefined) {
    const shown = toLocator(page, selectorOf(visible)).filter({ visible: true }).first();
    conditions.push([`${visible} to be visible`, () => shown.waitFor({ state: 'visible', ...bound })]);
  }
  if (gone !== undefined) {
    const shown = toLocator(page, selectorOf(gone)).filter({ visible: true }).first();
    conditions.push([`${gone} to be gone`, () => shown.waitFor({ state: 'detached', ...bound })]);
  }
  return conditions;
}

/** The page's address and title, which is asked for if it is not known; empty while the page is being replaced by another. */
export async function pageState({ session }: BrowserScope, known: string | null = null): Promise<PageState> {
  if (known !== null) session.noteTitle(known);
  const title = known ?? (await session.title(true));
  return { url: session.page.url(), title };
}

async function notMet(scope: BrowserScope, condition: string): Promise<StepFailure> {
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'EXPECTATION_NOT_MET',
    title: 'The page did not become what was expected',
    detail: `Waited for ${condition}, on ${scope.page.url()}${await alertsOf(scope)}`,
    certain: true,
  });
}
