/** Waiting for the page to become what the document expects after a step. */
import type { Expectation, PageState } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';
import { alertsOf, locateAll } from './locate.ts';
import type { BrowserScope } from './step.ts';
import { within } from './within.ts';

const TITLE_MS = 5_000;

/**
 * Waits until all given conditions have held, then describes the page. `visible` is met by any visible match, `gone`
 * when no match is visible.
 *
 * @throws StepFailure EXPECTATION_NOT_MET (408)
 */
export async function meet(scope: BrowserScope, expected: Expectation | undefined): Promise<PageState> {
  for (const [condition, wait] of conditionsOf(scope, expected ?? {})) {
    try {
      await wait();
    } catch (error) {
      if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
      throw await notMet(scope, condition);
    }
  }
  return pageState(scope);
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
    const shown = locateAll(page, visible).filter({ visible: true }).first();
    conditions.push([`${visible} to be visible`, () => shown.waitFor({ state: 'visible', ...bound })]);
  }
  if (gone !== undefined) {
    const shown = locateAll(page, gone).filter({ visible: true }).first();
    conditions.push([`${gone} to be gone`, () => shown.waitFor({ state: 'detached', ...bound })]);
  }
  return conditions;
}

/** `*` stands for any characters, everything else for itself. */
export function urlPattern(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** The page's address and title; an empty title while it is being replaced by another. */
export async function pageState({ page }: BrowserScope): Promise<PageState> {
  const title = await within(TITLE_MS, page.title()).catch(() => '');
  return { url: page.url(), title };
}

async function notMet(scope: BrowserScope, condition: string): Promise<StepFailure> {
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'EXPECTATION_NOT_MET',
    title: 'The page did not become what was expected',
    detail: `Waited for ${condition}, on ${scope.page.url()}${await alertsOf(scope.page)}`,
    certain: true,
  });
}
