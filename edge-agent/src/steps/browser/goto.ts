/** `browser.goto`: an address is loaded in the current tab. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { load } from './load.ts';
import { browserStep } from './step.ts';

export const gotoStep: Step = browserStep(BROWSER_STEPS.goto, async ({ url, expect }, scope) => {
  await scope.context.policy.checkUrl(url);
  scope.context.checkSecretAddress?.(url);
  return load(scope, url, expect);
});
