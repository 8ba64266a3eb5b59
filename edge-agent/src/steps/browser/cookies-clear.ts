/** `browser.cookies.clear`: removes cookies of the session. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';

export const cookiesClearStep: Step = browserStep(BROWSER_STEPS.cookiesClear, async ({ name, domain }, { session }) => {
  await session.context.clearCookies({
    ...(name === undefined ? {} : { name }),
    ...(domain === undefined ? {} : { domain }),
  });
  return null;
});
