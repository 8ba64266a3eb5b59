/** `desktop.drag`: with the pointer, from the middle of one element to the middle of another. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { dragFrom } from './hands.ts';
import { locateOne } from './locate.ts';
import { bringToFront, obstacleTo, waitUntilReady } from './ready.ts';
import { desktopStep } from './step.ts';

/** Fails with DRAG_NOT_POSSIBLE when the two cannot be seen at the same time. */
export const dragStep: Step = desktopStep(DESKTOP_STEPS.drag, async ({ from, to, expect }, scope) => {
  const node = await locateOne(scope, from);
  const onto = await locateOne(scope, to);
  await bringToFront(scope, node.window);
  // Either may have to be scrolled into view or brought to the front, which may hide the other: the first is looked at again.
  await waitUntilReady(scope, node, 'enabled');
  const goal = await waitUntilReady(scope, onto, 'enabled');
  const why = await obstacleTo(scope, node);
  if (why !== null) {
    throw new StepFailure({
      type: 'runtime',
      status: 409,
      code: 'DRAG_NOT_POSSIBLE',
      title: 'The two elements cannot be seen at the same time',
      detail: `With ${to} in view, ${from} is not: ${why}. Move the windows apart with desktop.window, or make them larger`,
      certain: true,
    });
  }
  const source = await waitUntilReady(scope, node, 'enabled');
  scope.acting();
  await dragFrom(scope, [node.window, onto.window], source.point, goal.point);
  return meet(scope, expect);
});
