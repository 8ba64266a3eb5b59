/** `browser.tab.list`: the open tabs. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';
import { tabTitle } from './tab-title.ts';

export const tabListStep: Step = browserStep(BROWSER_STEPS.tabList, (_args, { session }) =>
  Promise.all(
    session.tabs.all.map(async (page, index) => ({
      index: index + 1,
      url: page.url(),
      title: await tabTitle(page),
      current: page === session.page,
    })),
  ),
);
