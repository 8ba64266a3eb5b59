/** `desktop.exists`: whether anything that shows matches now. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { locateShown } from './locate.ts';
import { desktopStep } from './step.ts';

export const existsStep: Step = desktopStep(
  DESKTOP_STEPS.exists,
  async ({ target }, scope) => (await locateShown(scope, target)).length > 0,
);
