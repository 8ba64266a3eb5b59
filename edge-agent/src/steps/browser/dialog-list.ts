/** `browser.dialog.list`: the dialogs that were shown. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { browserStep } from './step.ts';

export const dialogListStep: Step = browserStep(BROWSER_STEPS.dialogList, async (_args, { session }) => [
  ...session.dialogs.shown,
]);
