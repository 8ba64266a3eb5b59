/** `desktop.rightClick`: with the pointer. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { clickAt } from './hands.ts';
import { locateOne } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { desktopStep } from './step.ts';

export const rightClickStep: Step = desktopStep(DESKTOP_STEPS.rightClick, async ({ target, expect }, scope) => {
  const node = await locateOne(scope, target);
  const { point } = await waitUntilReady(scope, node, 'enabled');
  scope.acting();
  await clickAt(scope, node.window, point, 'right', 1);
  return meet(scope, expect);
});
