/** `browser.check`: sets or clears a check box, radio button or switch, and reads it back. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { locateOne } from './locate.ts';
import { perform } from './perform.ts';
import { browserStep } from './step.ts';

export const checkStep: Step = browserStep(BROWSER_STEPS.check, async ({ target, checked, expect }, scope) => {
  const box = await locateOne(scope, target);
  // Playwright clicks only if needed, and fails if the state is not as wanted afterwards.
  await perform(scope, () => box.setChecked(checked ?? true, scope.bound));
  const state = await box.isChecked(scope.bound);
  await meet(scope, expect);
  return { checked: state };
});
