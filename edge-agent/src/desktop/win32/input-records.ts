/**
 * INPUT records for SendInput, as they lie in memory of 64-bit Windows: 40 bytes each, the kind in the first four, the
 * event from the eighth on. Pure.
 */
import type { Box, MouseButton, Point } from '../desktop-driver.ts';
import type { VirtualKey } from './virtual-keys.ts';

/** Bytes of an INPUT. */
export const INPUT_SIZE = 40;

const [MOUSE, KEYBOARD] = [0, 1];
const KEY = { extended: 0x1, up: 0x2, unicode: 0x4 } as const;
const MOVE = 0x0001 | 0x8000 | 0x4000; // MOVE, ABSOLUTE, VIRTUALDESK
const [WHEEL, WHEEL_ACROSS] = [0x0800, 0x1000];
/** One notch of the wheel. */
const WHEEL_DELTA = 120;
const BUTTONS: Readonly<Record<MouseButton, readonly [down: number, up: number]>> = {
  left: [0x0002, 0x0004],
  right: [0x0008, 0x0010],
  middle: [0x0020, 0x0040],
};
/** What is typed by a key of its own: applications act on the key, not on the character. */
const TYPED_KEYS: Readonly<Record<string, number>> = { '\n': 0x0d, '\r': 0x0d, '\t': 0x09 };

/** Text of any characters: each half of a surrogate pair is an event, and Windows joins them. */
export function typing(text: string): Buffer[] {
  return [...text.replaceAll('\r\n', '\n')].flatMap((character) => {
    const key = TYPED_KEYS[character];
    if (key !== undefined) return pressing([{ code: key, extended: false }]);
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.flatMap((unit) => [keyboard(0, unit, KEY.unicode), keyboard(0, unit, KEY.unicode | KEY.up)]);
  });
}

/** Keys that are held together; the last one is released first. */
export function pressing(keys: readonly VirtualKey[]): Buffer[] {
  const event = ({ code, extended }: VirtualKey, up: number): Buffer =>
    keyboard(code, 0, (extended ? KEY.extended : 0) | up);
  return [...keys.map((key) => event(key, 0)), ...keys.toReversed().map((key) => event(key, KEY.up))];
}

/** The pointer to a point of the virtual desktop, which lies in `screen` and is 65536 wide and high for SendInput. */
export function moving(point: Point, screen: Box): Buffer {
  const along = (at: number, from: number, size: number): number => Math.ceil(((at - from) * 65_536) / size);
  return mouse(along(point.x, screen.x, screen.width), along(point.y, screen.y, screen.height), 0, MOVE);
}

export function buttonDown(button: MouseButton): Buffer {
  return mouse(0, 0, 0, BUTTONS[button][0]);
}

export function buttonUp(button: MouseButton): Buffer {
  return mouse(0, 0, 0, BUTTONS[button][1]);
}

/** Notches to the right or upwards; negative for the other way. */
export function wheel(notches: number, across: boolean): Buffer {
  return mouse(0, 0, notches * WHEEL_DELTA, across ? WHEEL_ACROSS : WHEEL);
}

/** An event that does nothing: Windows lets whoever sent the last one bring a window to the front. */
export function nothing(): Buffer {
  return mouse(0, 0, 0, 0);
}

function keyboard(code: number, scan: number, flags: number): Buffer {
  const record = Buffer.alloc(INPUT_SIZE);
  record.writeUInt32LE(KEYBOARD, 0);
  record.writeUInt16LE(code, 8);
  record.writeUInt16LE(scan, 10);
  record.writeUInt32LE(flags, 12);
  return record;
}

function mouse(x: number, y: number, data: number, flags: number): Buffer {
  const record = Buffer.alloc(INPUT_SIZE);
  record.writeUInt32LE(MOUSE, 0);
  record.writeInt32LE(x, 8);
  record.writeInt32LE(y, 12);
  record.writeInt32LE(data, 16);
  record.writeUInt32LE(flags, 20);
  return record;
}
