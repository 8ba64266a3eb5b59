/** `browser.open` and `browser.goto`: an address is loaded in a fresh session or in the open one. */
import { BROWSER_STEPS, type Expectation, type PageState } from '@casare/shared/workflow';
import { NO_SANDBOX, type StartedBrowser } from '../../browser/index.ts';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { BrowserSession } from './session.ts';
import { browserStep, sessionStep, type BrowserScope } from './step.ts';
import { untilAborted } from './within.ts';

/** Answers with these codes usually carry the sign-in form: the page is shown, the step goes on. */
const SIGN_IN_STATUS = new Set([401, 403]);

/** `startBrowser` is called for each session, which owns what it returns. */
export function openStep(startBrowser: () => Promise<StartedBrowser>): Step {
  let warned = false;
  return sessionStep(BROWSER_STEPS.open, async ({ url, viewport, expect }, { context, signal, run }) => {
    await context.policy.checkUrl(url);
    await BrowserSession.end(context);
    const starting = startBrowser();
    let started: StartedBrowser;
    try {
      started = await untilAborted(signal, starting);
    } catch (error) {
      // It may come up after all, when nobody waits for it any more.
      starting.then((late) => late.close()).catch(() => {});
      throw signal.aborted ? error : notStarted(error);
    }
    if (!started.sandbox && !warned) {
      warned = true;
      await context.log('warn', NO_SANDBOX);
    }
    const session = await BrowserSession.start(started, viewport);
    session.register(context);
    if (context.usesSecret) session.memory.remember({ url });
    return run(session, (scope) => load(scope, url, expect));
  });
}

export const gotoStep: Step = browserStep(BROWSER_STEPS.goto, async ({ url, expect }, scope) => {
  await scope.context.policy.checkUrl(url);
  return load(scope, url, expect);
});

/** @throws StepFailure URL_UNREACHABLE (503), URL_ANSWERED_ERROR with the answer's own status */
async function load(scope: BrowserScope, url: string, expect: Expectation | undefined): Promise<PageState> {
  const response = await scope.page.goto(url, { waitUntil: 'load', ...scope.bound });
  const status = response?.status() ?? 200;
  if (status >= 400 && !SIGN_IN_STATUS.has(status)) {
    throw new StepFailure({
      type: 'communication',
      status,
      code: 'URL_ANSWERED_ERROR',
      title: 'The address answered with an error',
      detail: `${url} answered ${status} ${response?.statusText() ?? ''}`.trim(),
      certain: true,
    });
  }
  return meet(scope, expect);
}

function notStarted(error: unknown): StepFailure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'BROWSER_NOT_STARTED';
  return new StepFailure({
    type: 'runtime',
    status: 503,
    code,
    title: 'No browser could be started',
    detail: message,
    certain: true,
  });
}
