/** What SendInput is given: laid out as `winuser.h` says, and every character as itself. */
import koffi from 'koffi';
import { expect, test } from 'vitest';
import { buttonDown, INPUT_SIZE, moving, pressing, typing, wheel } from './input-records.ts';
import { isKey, virtualKey } from './virtual-keys.ts';

const keyboard = koffi.struct({
  type: 'uint32',
  pad: 'uint32',
  code: 'uint16',
  scan: 'uint16',
  flags: 'uint32',
  time: 'uint32',
  extra: 'uint64',
  rest: 'uint64',
});
const mouse = koffi.struct({
  type: 'uint32',
  pad: 'uint32',
  x: 'int32',
  y: 'int32',
  data: 'int32',
  flags: 'uint32',
  time: 'uint32',
  extra: 'uint64',
});

test('records have the size of an INPUT', () => {
  expect(koffi.sizeof(keyboard)).toBe(INPUT_SIZE);
  expect(koffi.sizeof(mouse)).toBe(INPUT_SIZE);
});

test('each unit of a text goes down and up, surrogate pairs in their order', () => {
  const events = typing('Größe 42 Ж😀').map(
    (record) => koffi.decode(record, keyboard) as { scan: number; flags: number; code: number },
  );
  expect(events.every(({ code }) => code === 0)).toBe(true);
  const downs = events.filter(({ flags }) => flags === 0x4);
  expect(String.fromCharCode(...downs.map(({ scan }) => scan))).toBe('Größe 42 Ж😀');
  expect(events.filter(({ flags }) => flags === 0x6)).toHaveLength(downs.length);
});

test('line ends and tabs are keys', () => {
  const codes = typing('a\r\nb\t').map((record) => record.readUInt16LE(8));
  expect(codes.filter((code) => code !== 0)).toEqual([0x0d, 0x0d, 0x09, 0x09]);
});

test('keys are held together and released from the last', () => {
  const records = pressing([virtualKey('Control')!, virtualKey('Home')!]);
  expect(records.map((record) => [record.readUInt16LE(8), record.readUInt32LE(12)])).toEqual([
    [0x11, 0],
    [0x24, 1],
    [0x24, 3],
    [0x11, 2],
  ]);
});

test.each([
  [
    { x: 0, y: 0 },
    { x: 0, y: 0, width: 1024, height: 768 },
  ],
  [
    { x: 1023, y: 767 },
    { x: 0, y: 0, width: 1024, height: 768 },
  ],
  [
    { x: -5, y: 300 },
    { x: -1920, y: 0, width: 3840, height: 1080 },
  ],
])('%o of the screen %o is where Windows puts it', (point, screen) => {
  const { x, y } = koffi.decode(moving(point, screen), mouse) as { x: number; y: number };
  expect(Math.floor((x * screen.width) / 65_536) + screen.x).toBe(point.x);
  expect(Math.floor((y * screen.height) / 65_536) + screen.y).toBe(point.y);
});

test('buttons and the wheel', () => {
  expect(koffi.decode(buttonDown('right'), mouse)).toMatchObject({ type: 0, flags: 0x8 });
  expect(koffi.decode(wheel(-2, false), mouse)).toMatchObject({ data: -240, flags: 0x800 });
});

test('names are keys, single characters are left to the layout, others are none', () => {
  expect(virtualKey('F5')).toEqual({ code: 0x74, extended: false });
  expect(virtualKey('a')).toBeNull();
  expect(isKey('ä')).toBe(true);
  expect(isKey('NoSuchKey')).toBe(false);
  expect(isKey('F25')).toBe(false);
});
