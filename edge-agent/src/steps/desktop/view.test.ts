/** Where elements are pointed at when screens lie left of and above the first one. */
import { expect, test } from 'vitest';
import type { Box } from '../../desktop/index.ts';
import { centreOf } from './view.ts';

const area: Box = { x: -1280, y: -1024, width: 3200, height: 2104 };
const scope = { driver: { screen: { area, capture: () => Promise.reject(new Error('no picture is taken')) } } };

test('an element on a screen left of or above the first can be pointed at', () => {
  expect(centreOf({ x: -1280, y: 100, width: 80, height: 20 }, scope)).toEqual({ x: -1240, y: 110 });
  expect(centreOf({ x: 10, y: -1024, width: 80, height: 20 }, scope)).toEqual({ x: 50, y: -1014 });
});

test('what lies beside all screens cannot', () => {
  expect(centreOf({ x: -1400, y: 100, width: 80, height: 20 }, scope)).toBeNull();
  expect(centreOf({ x: 1900, y: 100, width: 80, height: 20 }, scope)).toBeNull();
});
