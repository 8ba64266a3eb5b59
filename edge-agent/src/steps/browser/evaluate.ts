/**
 * `browser.evaluate`: a script of the document in the page, where the agent's policy allows it. The script is written out in
 * the document; data reaches it as an argument only, so none of it ever becomes script.
 */
import type { z } from 'zod';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { browserStep } from './step.ts';

type Result = z.infer<typeof BROWSER_STEPS.evaluate.output>;

/** Fails with what the policy says, SCRIPT_FAILED. */
export const evaluateStep: Step = browserStep(BROWSER_STEPS.evaluate, async ({ target, script, argument }, scope) => {
  await scope.context.policy.checkScript();
  const element = target === undefined ? null : await locateOne(scope, target);
  scope.acting();
  try {
    const given = argument ?? null;
    const result: unknown = await (element === null
      ? scope.page.evaluate(inPage(script), given)
      : element.evaluate(inPage(script), given, scope.bound));
    return asJson(result);
  } catch (error) {
    if (scope.signal.aborted || !(error instanceof Error) || !/^(page|locator)\.evaluate:/.test(error.message))
      throw error;
    throw failed(error.message);
  }
});

/**
 * A function for Playwright, which sends the text of functions to the page and calls nothing of them here. (A script that is
 * given as text is only evaluated, not called.)
 */
function inPage(script: string): (...given: unknown[]) => unknown {
  return Object.assign(() => undefined, { toString: () => script });
}

/** What of a result can be recorded: what is no JSON becomes `null`. */
function asJson(result: unknown): Result {
  const text = JSON.stringify(result) as string | undefined;
  return text === undefined ? null : (JSON.parse(text) as Result);
}

function failed(message: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'SCRIPT_FAILED',
    title: 'The script failed',
    detail: message.slice(0, 1_000),
  });
}
