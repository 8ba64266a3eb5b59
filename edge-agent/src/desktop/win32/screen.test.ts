/** Pictures and processes of Windows: the parts that need none. */
import { expect, test } from 'vitest';
import { bitmapHeader, rgbOf, within } from './screen.ts';
import { startedBy } from './windows.ts';

test('a bitmap’s header says rows from the top, 32 bits each pixel', () => {
  const header = bitmapHeader(640, 480);
  expect([header.readUInt32LE(0), header.readInt32LE(4), header.readInt32LE(8)]).toEqual([40, 640, -480]);
  expect([header.readUInt16LE(12), header.readUInt16LE(14), header.readUInt32LE(16)]).toEqual([1, 32, 0]);
});

test('blue, green, red becomes red, green, blue', () => {
  expect([...rgbOf(Buffer.from([1, 2, 3, 0, 4, 5, 6, 255]))]).toEqual([3, 2, 1, 6, 5, 4]);
});

test('a box is cut to the screens, which may begin left of zero', () => {
  const screen = { x: -100, y: 0, width: 300, height: 100 };
  expect(within({ x: -200, y: 50, width: 150, height: 500 }, screen)).toEqual({
    x: -100,
    y: 50,
    width: 50,
    height: 50,
  });
  expect(within({ x: 900, y: 900, width: 5, height: 5 }, screen)).toEqual({ x: 199, y: 99, width: 1, height: 1 });
});

test('who started a process, without a circle', () => {
  const parents = new Map([
    [10, 20],
    [20, 30],
    [30, 10],
    [40, 4],
  ]);
  expect(startedBy(10, parents)).toEqual([20, 30]);
  expect(startedBy(40, parents)).toEqual([]);
});
