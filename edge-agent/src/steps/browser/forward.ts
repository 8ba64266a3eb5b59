/** `browser.forward`: to where `browser.back` came from. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { goAlong } from './history.ts';
import { browserStep } from './step.ts';

export const forwardStep: Step = browserStep(BROWSER_STEPS.forward, ({ expect }, scope) =>
  goAlong(scope, 'forward', () => scope.page.goForward(scope.bound), expect),
);
