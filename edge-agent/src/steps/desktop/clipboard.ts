/** `desktop.clipboard`: reads the text of the clipboard, or replaces it. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { desktopStep } from './step.ts';

export const clipboardStep: Step = desktopStep(DESKTOP_STEPS.clipboard, async ({ set }, scope) => {
  if (set === undefined) return scope.driver.clipboard.read();
  if (scope.context.usesSecret) scope.session.memory.remember(set);
  await scope.driver.clipboard.write(set);
  return set;
});
