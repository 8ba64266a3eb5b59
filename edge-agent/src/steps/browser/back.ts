/** `browser.back`: to the page before, as it was or loaded again, as the browser decides. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { goAlong } from './history.ts';
import { browserStep } from './step.ts';

export const backStep: Step = browserStep(BROWSER_STEPS.back, ({ expect }, scope) =>
  goAlong(scope, 'back', () => scope.page.goBack(scope.bound), expect),
);
