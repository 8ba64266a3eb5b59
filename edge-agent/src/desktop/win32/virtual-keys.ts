/** Keys as Windows numbers them (`winuser.h`), by the names of `keys.ts`. Pure. */

/** A key that is pressed: its number, and whether it is one of those beside the letters that AT keyboards added. */
export interface VirtualKey {
  readonly code: number;
  readonly extended: boolean;
}

const PLAIN: Readonly<Record<string, number>> = {
  Backspace: 0x08,
  Tab: 0x09,
  Enter: 0x0d,
  Shift: 0x10,
  Control: 0x11,
  Alt: 0x12,
  Pause: 0x13,
  Escape: 0x1b,
  Space: 0x20,
};
/** Without the mark, Windows takes them for keys of the number block: Shift with Home would type 7. */
const EXTENDED: Readonly<Record<string, number>> = {
  PageUp: 0x21,
  PageDown: 0x22,
  End: 0x23,
  Home: 0x24,
  ArrowLeft: 0x25,
  ArrowUp: 0x26,
  ArrowRight: 0x27,
  ArrowDown: 0x28,
  PrintScreen: 0x2c,
  Insert: 0x2d,
  Delete: 0x2e,
  Meta: 0x5b,
  ContextMenu: 0x5d,
};
const F1 = 0x70;

/** The key of a name; null for a single character, which the keyboard's layout decides. */
export function virtualKey(name: string): VirtualKey | null {
  if (Object.hasOwn(PLAIN, name)) return { code: PLAIN[name]!, extended: false };
  if (Object.hasOwn(EXTENDED, name)) return { code: EXTENDED[name]!, extended: true };
  const [, number] = /^F([1-9]|1\d|2[0-4])$/.exec(name) ?? [];
  return number === undefined ? null : { code: F1 + Number(number) - 1, extended: false };
}

/** Whether a name is a key at all. */
export function isKey(name: string): boolean {
  return virtualKey(name) !== null || [...name].length === 1;
}
