/** Rectangles of the screens. Pure: screens may lie left of and above the first one, whose corner is 0, 0. */
import type { Box, Point } from './desktop-driver.ts';

/** The part of a box that lies in an area, whole pixels and at least one. */
export function within(box: Box, area: Box): Box {
  const [mostRight, mostDown] = [area.x + area.width, area.y + area.height];
  const left = Math.min(Math.max(Math.round(box.x), area.x), mostRight - 1);
  const top = Math.min(Math.max(Math.round(box.y), area.y), mostDown - 1);
  const right = Math.min(Math.max(Math.round(box.x + box.width), left + 1), mostRight);
  const bottom = Math.min(Math.max(Math.round(box.y + box.height), top + 1), mostDown);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export function isInside({ x, y }: Point, area: Box): boolean {
  return x >= area.x && y >= area.y && x < area.x + area.width && y < area.y + area.height;
}

/** The whole pixel in the middle of a box. */
export function middleOf({ x, y, width, height }: Box): Point {
  return { x: Math.floor(x + width / 2), y: Math.floor(y + height / 2) };
}

/** Whether two boxes share a pixel. */
export function overlaps(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

/** Whether all of a box lies in an area. */
export function isWithin(box: Box, area: Box): boolean {
  return (
    box.x >= area.x &&
    box.y >= area.y &&
    box.x + box.width <= area.x + area.width &&
    box.y + box.height <= area.y + area.height
  );
}
