/** Cursors of the live events: `<transaction>-<number>`, as SSE ids. */

/** `xid-id` as its two numbers, or `null` for anything else. */
export function parseCursor(cursor: string): [xid: string, id: number] | null {
  const match = /^(\d{1,19})-(\d{1,15})$/.exec(cursor);
  return match ? [match[1]!, Number(match[2])] : null;
}
