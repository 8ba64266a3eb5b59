/** Pictures and processes of Windows: the parts that need none. */
import { expect, test } from 'vitest';
import { bitmapHeader, rgbOf } from './screen.ts';
import { startedBy } from './windows.ts';

test('a bitmap’s header says rows from the top, 32 bits each pixel', () => {
  const header = bitmapHeader(640, 480);
  expect([header.readUInt32LE(0), header.readInt32LE(4), header.readInt32LE(8)]).toEqual([40, 640, -480]);
  expect([header.readUInt16LE(12), header.readUInt16LE(14), header.readUInt32LE(16)]).toEqual([1, 32, 0]);
});

test('blue, green, red becomes red, green, blue', () => {
  expect([...rgbOf(Buffer.from([1, 2, 3, 0, 4, 5, 6, 255]))]).toEqual([3, 2, 1, 6, 5, 4]);
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
