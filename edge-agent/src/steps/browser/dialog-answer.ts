/** `browser.dialog.answer`: what the next dialog is answered. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';

export const dialogAnswerStep: Step = browserStep(BROWSER_STEPS.dialogAnswer, async (answer, { session }) => {
  session.dialogs.answerNext(answer);
  return null;
});
