/** `desktop.drag`: with the pointer, from the middle of one element to the middle of another. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { dragFrom } from './hands.ts';
import { locateOne } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { desktopStep } from './step.ts';

export const dragStep: Step = desktopStep(DESKTOP_STEPS.drag, async ({ from, to, expect }, scope) => {
  const node = await locateOne(scope, from);
  const source = await waitUntilReady(scope, node, 'enabled');
  const goal = await waitUntilReady(scope, await locateOne(scope, to), 'enabled');
  scope.acting();
  await dragFrom(scope, node.window, source.point, goal.point);
  return meet(scope, expect);
});
