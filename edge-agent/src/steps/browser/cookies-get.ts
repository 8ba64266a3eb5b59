/** `browser.cookies.get`: the session's cookies. Outputs are recorded, so values that pages cannot read stay out of them. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';

export const cookiesGetStep: Step = browserStep(BROWSER_STEPS.cookiesGet, async ({ url, name }, { session }) => {
  const cookies = await session.context.cookies(url);
  return cookies
    .filter((cookie) => name === undefined || cookie.name === name)
    .map((cookie) => ({
      name: cookie.name,
      value: cookie.httpOnly ? null : cookie.value,
      domain: cookie.domain,
      path: cookie.path,
      expires: cookie.expires < 0 ? null : new Date(cookie.expires * 1_000).toISOString(),
    }));
});
