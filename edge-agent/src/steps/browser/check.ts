/** `browser.check`: sets or clears a check box, radio button or switch, and reads it back. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { ask } from './ask.ts';
import { meet } from './expectation.ts';
import { actOn } from './perform.ts';
import { browserStep } from './step.ts';

export const checkStep: Step = browserStep(BROWSER_STEPS.check, async ({ target, checked, expect }, scope) => {
  // Playwright clicks only if needed, and fails if the state is not as wanted afterwards.
  const box = await actOn(scope, target, (element) => element.setChecked(checked ?? true, scope.bound));
  const { answer, title } = await ask(scope, box, 'checked');
  const state = answer ?? (await box.isChecked(scope.bound));
  await meet(scope, expect, answer === null ? null : title);
  return { checked: state };
});
