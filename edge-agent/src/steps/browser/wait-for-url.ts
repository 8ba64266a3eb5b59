/** `browser.waitForUrl`: the address becomes what is expected. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { browserStep } from './step.ts';

export const waitForUrlStep: Step = browserStep(BROWSER_STEPS.waitForUrl, ({ url }, scope) => meet(scope, { url }));
