/** Key symbols of X11 (keysymdef.h): named keys, and the symbol of any character. */

/** Names of keys as documents write them, in lower case. */
const NAMED: Readonly<Record<string, number>> = {
  enter: 0xff0d,
  tab: 0xff09,
  escape: 0xff1b,
  backspace: 0xff08,
  delete: 0xffff,
  insert: 0xff63,
  space: 0x20,
  home: 0xff50,
  end: 0xff57,
  pageup: 0xff55,
  pagedown: 0xff56,
  arrowleft: 0xff51,
  arrowup: 0xff52,
  arrowright: 0xff53,
  arrowdown: 0xff54,
  contextmenu: 0xff67,
  printscreen: 0xff61,
  pause: 0xff13,
  control: 0xffe3,
  shift: 0xffe1,
  alt: 0xffe9,
  meta: 0xffeb,
};

/** The symbol of a named key (`Enter`, `F5`) or of a single character. */
export function keysymOfKey(name: string): number | null {
  const lower = name.toLowerCase();
  const named = NAMED[lower];
  if (named !== undefined) return named;
  const [, number] = /^f(\d{1,2})$/.exec(lower) ?? [];
  if (number !== undefined && Number(number) >= 1 && Number(number) <= 24) return 0xffbe + Number(number) - 1;
  return [...name].length === 1 ? keysymOf(name) : null;
}

/** The symbol of a character: Latin-1 as it is, the rest by its code point. Line breaks are Enter, tabs Tab. */
export function keysymOf(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (character === '\n' || character === '\r') return 0xff0d;
  if (character === '\t') return 0xff09;
  const isLatin = (point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff);
  return isLatin ? point : 0x0100_0000 + point;
}
