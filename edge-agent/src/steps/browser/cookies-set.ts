/** `browser.cookies.set`: a cookie for the host of an address, which the agent's policy must open. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';

export const cookiesSetStep: Step = browserStep(
  BROWSER_STEPS.cookiesSet,
  async ({ url, name, value, expires, httpOnly, sameSite }, { context, session }) => {
    await context.policy.checkUrl(url);
    context.checkSecretAddress?.(url);
    await session.context.addCookies([
      {
        url,
        name,
        value,
        ...(expires === undefined ? {} : { expires: Math.floor(Date.parse(expires) / 1_000) }),
        ...(httpOnly === undefined ? {} : { httpOnly }),
        ...(sameSite === undefined ? {} : { sameSite }),
      },
    ]);
    return null;
  },
);
