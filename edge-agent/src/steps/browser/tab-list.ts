/** `browser.tab.list`: the open tabs. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';
import { within } from '../within.ts';

const TITLE_MS = 2_000;

export const tabListStep: Step = browserStep(BROWSER_STEPS.tabList, (_args, { session }) =>
  Promise.all(
    session.tabs.all.map(async (page, index) => ({
      index: index + 1,
      url: page.url(),
      title: await within(TITLE_MS, page.title()).catch(() => ''),
      current: page === session.page,
    })),
  ),
);
