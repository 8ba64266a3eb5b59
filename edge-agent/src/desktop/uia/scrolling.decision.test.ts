/** How far a scrolled area is set. */
import { describe, expect, test } from 'vitest';
import { isPaged, percentFor } from './scrolling.decision.ts';

/** 100 pixels of 500 show: 400 are hidden, four pixels a percent. */
const AREA = { x: -300, y: 50, width: 200, height: 100 };
const stays = { percent: -1, view: 100 };

describe('where a scrolled area is set', () => {
  test('the middle of the element comes to the middle of the area', () => {
    const box = { x: -290, y: 250, width: 20, height: 20 };
    // Its middle is at 260, the area's at 100: 160 pixels are 40 percent.
    expect(percentFor(box, AREA, { across: stays, down: { percent: 10, view: 20 } })).toEqual({
      ...{ across: null, down: 50 },
    });
  });

  test('no further than the ends, and not at all for what is in view', () => {
    const above = { x: -290, y: -900, width: 20, height: 20 };
    expect(percentFor(above, AREA, { across: stays, down: { percent: 30, view: 20 } })?.down).toBe(0);
    const inside = { x: -290, y: 60, width: 20, height: 20 };
    expect(percentFor(inside, AREA, { across: stays, down: { percent: 30, view: 20 } })).toBeNull();
  });

  test('an area that shows all, or does not scroll this way, stays', () => {
    const right = { x: 400, y: 60, width: 20, height: 20 };
    expect(percentFor(right, AREA, { across: stays, down: stays })).toBeNull();
    expect(percentFor(right, AREA, { across: { percent: 0, view: 50 }, down: stays })).toEqual({
      ...{ across: 100, down: null },
    });
    expect(isPaged({ percent: 0, view: 100 })).toBe(false);
  });
});
