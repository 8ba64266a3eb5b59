/**
 * What can be seen of an element: applications say of the whole of a scrolled list that it shows. What lies outside of the
 * areas around it is behind other things, and a click there would hit them.
 */
import type { Box, DesktopNode, Point } from '../../desktop/index.ts';
import type { DesktopScope } from './step.ts';

/** The middle of an element; null where that is off the screen. */
export function centreOf(box: Box, { driver }: DesktopScope): Point | null {
  const point = { x: Math.floor(box.x + box.width / 2), y: Math.floor(box.y + box.height / 2) };
  const { width, height } = driver.screen;
  return isInside(point, { x: 0, y: 0, width, height }) ? point : null;
}

/** Whether a point of an element is inside of every scrolled area that the element is in. */
export async function isInView(scope: DesktopScope, { ancestors }: DesktopNode, point: Point): Promise<boolean> {
  for (const { element } of ancestors) {
    if (!element.states.has('clips')) continue;
    const area = await scope.driver.elements.bounds(element);
    if (area !== null && !isInside(point, area)) return false;
  }
  return true;
}

/** Whether the middle of an element can be seen, whatever lies above its window. */
export async function isSeen(scope: DesktopScope, node: DesktopNode): Promise<boolean> {
  const box = await scope.driver.elements.bounds(node.element);
  const point = box === null ? null : centreOf(box, scope);
  return point !== null && isInView(scope, node, point);
}

function isInside({ x, y }: Point, area: Box): boolean {
  return x >= area.x && y >= area.y && x < area.x + area.width && y < area.y + area.height;
}
