/**
 * Pointer and keyboard as steps use them: whatever is done, the application in front has read it afterwards, so that the
 * next step sees what came of it.
 */
import type { DesktopElement, MouseButton, Point, ScrollDirection } from '../../desktop/index.ts';
import type { DesktopScope } from './step.ts';

/** Events that reading a click, a key or an action may make besides itself. */
const FOLLOWING = 4;

export async function clickAt(scope: DesktopScope, point: Point, button: MouseButton, count: number): Promise<void> {
  await scope.driver.input.click(point, button, count);
  await settled(scope, 2 * count + FOLLOWING);
}

export async function dragFrom(scope: DesktopScope, from: Point, to: Point): Promise<void> {
  await scope.driver.input.drag(from, to);
  await settled(scope, FOLLOWING);
}

export async function turnWheel(
  scope: DesktopScope,
  point: Point,
  direction: ScrollDirection,
  notches: number,
): Promise<void> {
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
