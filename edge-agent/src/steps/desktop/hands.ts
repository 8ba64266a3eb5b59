/**
 * Pointer and keyboard as steps use them: whatever is done, the application in front has read it afterwards, so that the
 * next step sees what came of it.
 */
import type { DesktopElement, DesktopWindow, MouseButton, Point, ScrollDirection } from '../../desktop/index.ts';
import { bringToFront } from './ready.ts';
import type { DesktopScope } from './step.ts';

/** Events that reading a click, a key or an action may make besides itself. */
const FOLLOWING = 4;

/** The pointer acts on what is in front: the window comes there first. */
export async function clickAt(
  scope: DesktopScope,
  window: DesktopWindow,
  point: Point,
  button: MouseButton,
  count: number,
): Promise<void> {
  await bringToFront(scope, window);
  await scope.driver.input.click(point, button, count);
  await settled(scope, 2 * count + FOLLOWING);
}

/** Both places are seen already: bringing one window to the front could cover the other. */
export async function dragFrom(
  scope: DesktopScope,
  windows: readonly DesktopWindow[],
  from: Point,
  to: Point,
): Promise<void> {
  await scope.driver.input.drag(from, to, async () => {
    for (const window of windows) await scope.driver.elements.settled(window, 1);
  });
  await settled(scope, FOLLOWING);
}

export async function turnWheel(
  scope: DesktopScope,
  window: DesktopWindow,
  point: Point,
  direction: ScrollDirection,
  notches: number,
): Promise<void> {
  await bringToFront(scope, window);
  await scope.driver.input.scroll(point, direction, notches);
  await settled(scope, 2 * notches + FOLLOWING);
}

export async function typeText(scope: DesktopScope, text: string): Promise<void> {
  await scope.driver.input.type(text);
  // A press and a release for each, and those of Shift.
  await settled(scope, 4 * text.length + FOLLOWING);
}

export async function pressKeys(scope: DesktopScope, keys: readonly string[]): Promise<void> {
  await scope.driver.input.press(keys);
  await settled(scope, 2 * keys.length + FOLLOWING);
}

/** The element's own action; false when it has none. */
export async function invoke(scope: DesktopScope, element: DesktopElement): Promise<boolean> {
  const isDone = await scope.driver.elements.invoke(element);
  if (isDone) await settled(scope, FOLLOWING);
  return isDone;
}

async function settled(scope: DesktopScope, events: number): Promise<void> {
  const windows = await scope.session.windows();
  const front = windows.find(({ active }) => active) ?? windows[0];
  if (front !== undefined) await scope.driver.elements.settled(front, events);
}
