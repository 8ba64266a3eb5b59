/** The picture as Windows reads it. */
import { expect, test } from 'vitest';
import { icon } from './icon.ts';

/** Red, green, blue and cover of a pixel of the picture of this size. */
function pixel(file: Buffer, size: number, x: number, y: number): number[] {
  const count = file.readUInt16LE(4);
  const entry = [...Array(count).keys()].map((index) => 6 + 16 * index).find((at) => file[at] === size)!;
  const bitmap = file.readUInt32LE(entry + 12);
  const at = bitmap + file.readUInt32LE(bitmap) + ((size - 1 - y) * size + x) * 4;
  return [file[at + 2]!, file[at + 1]!, file[at]!, file[at + 3]!];
}

test('every picture lies whole in the file, one behind the other', () => {
  const file = icon();
  let end = 6 + 16 * file.readUInt16LE(4);
  for (let entry = 6; entry < 6 + 16 * file.readUInt16LE(4); entry += 16) {
    expect(file.readUInt32LE(entry + 12)).toBe(end);
    expect(file.readInt32LE(end + 4)).toBe(file[entry]);
    end += file.readUInt32LE(entry + 8);
  }
  expect(end).toBe(file.length);
});

test('clear outside the corner, the ring and the dot are white, the rest is green', () => {
  const file = icon();
  expect(pixel(file, 32, 0, 0)).toEqual([0, 0, 0, 0]);
  expect(pixel(file, 32, 2, 16)).toEqual([0x0d, 0x6e, 0x66, 255]);
  expect(pixel(file, 32, 15, 16)).toEqual([0x0d, 0x6e, 0x66, 255]);
  expect(pixel(file, 32, 7, 16)).toEqual([255, 255, 255, 255]);
  expect(pixel(file, 32, 22, 16)).toEqual([255, 255, 255, 255]);
});
