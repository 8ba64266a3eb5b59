/** Where a scrolled area is set so that what lies in it is seen. Pure; percents are UI Automation's: 0 to 100, or -1 for what does not scroll. */
import type { Box } from '../desktop-driver.ts';

/** One direction of a scrolled area: where it stands, and how much of the whole it shows. */
export interface ScrollAxis {
  readonly percent: number;
  readonly view: number;
}

export interface ScrollState {
  readonly across: ScrollAxis;
  readonly down: ScrollAxis;
}

/** Whether there is more in this direction than the area shows. */
export function isPaged({ percent, view }: ScrollAxis): boolean {
  return percent >= 0 && view > 0 && view < 100;
}

/** What brings the middle of a box to the middle of the area, null for a direction that stays; null when both do. */
export function percentFor(
  box: Box,
  area: Box,
  { across, down }: ScrollState,
): { readonly across: number | null; readonly down: number | null } | null {
  const to = {
    across: alongAxis(box.x, box.width, area.x, area.width, across),
    down: alongAxis(box.y, box.height, area.y, area.height, down),
  };
  return to.across === null && to.down === null ? null : to;
}

function alongAxis(start: number, length: number, from: number, span: number, axis: ScrollAxis): number | null {
  if (!isPaged(axis) || (start >= from && start + length <= from + span)) return null;
  // All of the content is as long as the area in the relation of the whole to what is shown.
  const hidden = (span * 100) / axis.view - span;
  const pixels = start + length / 2 - (from + span / 2);
  const percent = Math.min(Math.max(axis.percent + (pixels * 100) / hidden, 0), 100);
  return percent === axis.percent ? null : percent;
}
