/**
 * Cursors of the live events, as SSE ids: `<transaction>-<number>` stands after a row, `<transaction>-<number>.<part>` after
 * that many of its events.
 */

/** Where to read on. */
export interface Cursor {
  readonly xid: string;
  readonly id: number;
  /** Events of this row that were read; `null`: all of it. */
  readonly part: number | null;
}

/** `null` for what is no cursor. */
export function parseCursor(cursor: string): Cursor | null {
  const match = /^(\d{1,19})-(\d{1,15})(?:\.(\d{1,6}))?$/.exec(cursor);
  if (!match) return null;
  const [, xid, id, part] = match;
  return { xid: xid!, id: Number(id), part: part === undefined ? null : Number(part) };
}
