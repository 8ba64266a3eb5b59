/** `browser.tab.switch`: goes on in another tab, waiting for it to be there and to fit. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { browserStep, type BrowserScope } from './step.ts';
import { tabLoaded, tabTitle } from './tab-title.ts';
import { urlPattern } from './url-pattern.ts';
import { untilAborted } from '../within.ts';

const LOOK_AGAIN_MS = 100;

interface Wanted {
  readonly index?: number | undefined;
  readonly url?: string | undefined;
  readonly title?: string | undefined;
}

/** Fails with TAB_NOT_FOUND (408), TAB_AMBIGUOUS. */
export const tabSwitchStep: Step = browserStep(BROWSER_STEPS.tabSwitch, async ({ expect, ...wanted }, scope) => {
  const page = await waitForTab(scope, wanted);
  scope.session.tabs.switchTo(page);
  await untilAborted(scope.signal, tabLoaded(page));
  return meet(scope, expect);
});

async function waitForTab(scope: BrowserScope, wanted: Wanted): Promise<Page> {
  for (;;) {
    const fitting = await tabsThatFit(scope, wanted);
    const [page, second] = fitting;
    if (second !== undefined) throw ambiguous(fitting);
    if (page !== undefined) return page;
    await delay(LOOK_AGAIN_MS, undefined, { signal: scope.signal }).catch(() => {});
    if (scope.signal.aborted) throw notFound(scope);
  }
}

async function tabsThatFit(scope: BrowserScope, { index, url, title }: Wanted): Promise<Page[]> {
  const { all } = scope.session.tabs;
  const fits = await Promise.all(
    all.map(async (page, at) => {
      if (index !== undefined && at + 1 !== index) return false;
      if (url !== undefined && !urlPattern(url).test(page.url())) return false;
      return title === undefined || urlPattern(title).test(await tabTitle(page));
    }),
  );
  return all.filter((_, at) => fits[at]);
}

function notFound(scope: BrowserScope): StepFailure {
  const open = scope.session.tabs.all.map((page, at) => `${at + 1}: ${page.url().slice(0, 200)}`);
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'TAB_NOT_FOUND',
    title: 'There is no such tab',
    detail: `Open tabs are ${open.join(', ')}`,
    certain: true,
  });
}

function ambiguous(pages: readonly Page[]): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'TAB_AMBIGUOUS',
    title: 'Several tabs fit',
    detail: `${pages.map((page) => page.url().slice(0, 200)).join(', ')}: say more, or give the index`,
    certain: true,
  });
}
