/**
 * Scrolling without the pointer, where a toolkit cannot bring an element into view itself (GTK 3): the scroll bars of what it is
 * in are set, in pixels, so that it comes to the middle. The wheel would change what lies below the pointer.
 */
import type { Box, DesktopElement, ElementDriver } from '../desktop-driver.ts';
import { AtspiElement } from './element.ts';

type Driver = Pick<ElementDriver, 'bounds' | 'children' | 'range' | 'setRange'>;
/** Pages that are looked through for an element, and how much of a page is turned at once. */
const MAX_PAGES = 200;
const PART_OF_PAGE = 0.8;
const NOWHERE = -(2 ** 31);

/** From the innermost scrolled area out; false where nothing could be scrolled. */
export async function revealByBars(
  driver: Driver,
  element: DesktopElement,
  around: readonly DesktopElement[],
): Promise<boolean> {
  let isDone = false;
  for (const area of around.toReversed()) {
    if (area.nativeRole !== 'scroll pane') continue;
    const bars = (await driver.children(area)).filter(({ nativeRole }) => nativeRole === 'scroll bar');
    const view = await driver.bounds(area);
    if (view === null) continue;
    const upright = bars.find((bar) => AtspiElement.of(bar).vertical);
    const place = await placeOf(driver, element);
    const found = place === null && upright !== undefined ? await search(driver, element, upright, view.height) : null;
    const box = place ?? found;
    if (box === null) continue;
    isDone ||= found !== null;
    for (const bar of bars)
      isDone = (await turn(driver, bar, distance(box, view, AtspiElement.of(bar).vertical))) || isDone;
  }
  return isDone;
}

/** GTK gives rows far off no place: it is scrolled through from the beginning until there is one. */
async function search(driver: Driver, element: DesktopElement, bar: DesktopElement, page: number): Promise<Box | null> {
  const range = await driver.range(bar);
  if (range === null) return null;
  const step = Math.max(page * PART_OF_PAGE, (range.most - range.least) / MAX_PAGES, 1);
  for (let value = range.least; value < range.most + step; value += step) {
    await driver.setRange(bar, Math.min(value, range.most));
    const box = await placeOf(driver, element);
    if (box !== null) return box;
  }
  await driver.setRange(bar, range.value);
  return null;
}

/** Null for what is not drawn: then its place is the smallest number. */
async function placeOf(driver: Driver, element: DesktopElement): Promise<Box | null> {
  const box = await driver.bounds(element);
  return box !== null && box.x > NOWHERE && box.y > NOWHERE ? box : null;
}

async function turn(driver: Driver, bar: DesktopElement, pixels: number): Promise<boolean> {
  const range = await driver.range(bar);
  if (range === null || pixels === 0) return false;
  const value = Math.min(Math.max(range.value + pixels, range.least), range.most);
  return value !== range.value && (await driver.setRange(bar, value));
}

/** How far the element is from the middle of the view; 0 where it is inside already. */
function distance(box: Box, view: Box, vertical: boolean): number {
  const [start, length, from, span] = vertical
    ? [box.y, box.height, view.y, view.height]
    : [box.x, box.width, view.x, view.width];
  if (start >= from && start + length <= from + span) return 0;
  return Math.round(start + length / 2 - (from + span / 2));
}
