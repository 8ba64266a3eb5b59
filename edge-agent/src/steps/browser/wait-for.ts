/** `browser.waitFor`: the page becomes what is expected of it. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { browserStep } from './step.ts';

export const waitForStep: Step = browserStep(BROWSER_STEPS.waitFor, (expected, scope) => meet(scope, expected));
