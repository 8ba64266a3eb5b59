/** `browser.close`: ends the session; there being none is as good. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { BrowserSession } from './session.ts';
import { sessionStep } from './step.ts';

export const closeStep: Step = sessionStep(BROWSER_STEPS.close, async (_args, { context }) => {
  await BrowserSession.end(context);
  return null;
});
