/** `desktop.doubleClick`: with the pointer. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { clickAt } from './hands.ts';
import { locateOne } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { desktopStep } from './step.ts';

export const doubleClickStep: Step = desktopStep(DESKTOP_STEPS.doubleClick, async ({ target, expect }, scope) => {
  const { point } = await waitUntilReady(scope, await locateOne(scope, target), 'enabled');
  scope.acting();
  await clickAt(scope, point, 'left', 2);
  return meet(scope, expect);
});
