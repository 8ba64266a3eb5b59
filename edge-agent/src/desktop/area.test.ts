/** Screens that begin left of and above the first one. */
import { expect, test } from 'vitest';
import { isInside, isWithin, middleOf, overlaps, within } from './area.ts';

/** A screen of 1920 by 1080 with another left of it and one above. */
const SCREENS = { x: -1280, y: -1024, width: 3200, height: 2104 };

test('a box is cut to the screens, and a pixel is left of what lies beside them', () => {
  expect(within({ x: -1400, y: 50, width: 150, height: 5_000 }, SCREENS)).toEqual({
    ...{ x: -1280, y: 50, width: 30, height: 1030 },
  });
  expect(within({ x: -600.4, y: -1024, width: 100.2, height: 20 }, SCREENS)).toEqual({
    ...{ x: -600, y: -1024, width: 100, height: 20 },
  });
  expect(within({ x: 9_000, y: 9_000, width: 5, height: 5 }, SCREENS)).toEqual({
    ...{ x: 1919, y: 1079, width: 1, height: 1 },
  });
});

test('a point left of and above zero is on the screens', () => {
  expect(isInside({ x: -1280, y: -1024 }, SCREENS)).toBe(true);
  expect(isInside({ x: -1281, y: 0 }, SCREENS)).toBe(false);
  expect(isInside({ x: 1920, y: 0 }, SCREENS)).toBe(false);
});

test('the middle of a box is a whole pixel, also below zero', () => {
  expect(middleOf({ x: -11, y: -4, width: 5, height: 3 })).toEqual({ x: -9, y: -3 });
});

test('boxes that share an edge share no pixel', () => {
  const box = { x: -100, y: 0, width: 100, height: 100 };
  expect(overlaps(box, { ...box, x: 0 })).toBe(false);
  expect(overlaps(box, { ...box, x: -1 })).toBe(true);
  expect(isWithin(box, SCREENS)).toBe(true);
  expect(isWithin({ ...box, x: -1300 }, SCREENS)).toBe(false);
});
