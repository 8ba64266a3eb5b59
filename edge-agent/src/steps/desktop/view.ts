/**
 * What can be seen of an element: applications say of the whole of a scrolled list that it shows. What lies outside of the
 * areas around it is behind other things, and a click there would hit them.
 */
import { type Box, type DesktopNode, isInside, middleOf, type Point } from '../../desktop/index.ts';
import type { DesktopScope } from './step.ts';

/** The middle of an element; null where that is on none of the screens. */
export function centreOf(
  box: Box,
  { driver }: { readonly driver: Pick<DesktopScope['driver'], 'screen'> },
): Point | null {
  const point = middleOf(box);
  return isInside(point, driver.screen.area) ? point : null;
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
