/** Giving an element the keyboard. */
import type { DesktopNode } from '../../desktop/index.ts';
import { StepFailure } from '../../engine/index.ts';
import { clickAt } from './hands.ts';
import { pause } from './locate.ts';
import { bringToFront, type Ready } from './ready.ts';
import type { DesktopScope } from './step.ts';

const LOOK_AGAIN_MS = 30;
/** Looks until an element that was asked to take the focus is clicked instead. */
const LOOKS = 10;

/**
 * The element has the focus afterwards, and its window is in front.
 *
 * @throws StepFailure ELEMENT_NOT_FOCUSED
 */
export async function giveFocus(scope: DesktopScope, node: DesktopNode, ready: Ready): Promise<void> {
  const { elements } = scope.driver;
  await bringToFront(scope, node.window);
  if (ready.element.states.has('focused')) return;
  await elements.focus(ready.element);
  if (await isFocused(scope, node)) return;
  await clickAt(scope, node.window, ready.point, 'left', 1);
  if (await isFocused(scope, node)) return;
  // Toolkits that do not tell who has the focus take the click all the same.
  if (!ready.element.states.has('focusable')) return;
  throw new StepFailure({
    type: 'runtime',
    code: 'ELEMENT_NOT_FOCUSED',
    title: 'The element does not take the keyboard',
    detail: `The ${node.element.roles[0]} ${JSON.stringify(node.element.name.slice(0, 200))} did not get the focus: name the field itself`,
  });
}

async function isFocused(scope: DesktopScope, node: DesktopNode): Promise<boolean> {
  for (let look = 0; look < LOOKS && !scope.signal.aborted; look += 1) {
    const now = await scope.driver.elements.again(node.element);
    if (now?.states.has('focused') === true) return true;
    await pause(scope, LOOK_AGAIN_MS);
  }
  return false;
}
