/** `desktop.waitFor`: until the desktop is as expected. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { desktopStep } from './step.ts';

export const waitForStep: Step = desktopStep(DESKTOP_STEPS.waitFor, (expected, scope) => meet(scope, expected));
