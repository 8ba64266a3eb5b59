/** `browser.type`: a text key by key, as a person types it; what the field does with it is up to the page. */
import type { Locator } from 'playwright-core';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { locateOne } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { placeForSecret } from './secret-place.ts';
import { browserStep, type BrowserScope } from './step.ts';

/** Fails with NOTHING_FOCUSED. */
export const typeStep: Step = browserStep(BROWSER_STEPS.type, async ({ target, text, delayMs, expect }, scope) => {
  const field = target === undefined ? await focused(scope) : await locateOne(scope, target);
  await waitUntilReady(scope, field, 'editable');
  await placeForSecret(scope, field);
  if (scope.context.usesSecret) scope.session.memory.cover(field);
  scope.acting();
  await field.pressSequentially(text, { delay: delayMs ?? 0, ...scope.bound });
  return meet(scope, expect);
});

/** The innermost element that has the focus, in whatever frame. */
async function focused({ page }: BrowserScope): Promise<Locator> {
  for (const frame of page.frames()) {
    const inside = frame.locator('css=:focus:not(iframe, frame)');
    if ((await inside.count()) > 0) return inside.last();
  }
  throw new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'NOTHING_FOCUSED',
    title: 'No field has the focus',
    detail: `Nothing on ${page.url()} takes keys now: name the field by \`target\``,
    certain: true,
  });
}
