/**
 * Pages of lists, for services: which page is asked for, what it answers with, and where the next one begins. A store is
 * asked for one row more than the page holds, beyond the key of the last row of the page before: what is inserted meanwhile
 * neither shifts nor repeats anything. The edge binds cursors to their list, order and filters (`http/list-cursors.ts`).
 */

/** A page; the cursor says where the next one begins, null that there is none. */
export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** Which page. */
export interface PageAsk {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** A name of the list's allow-list, `-` before it from the greatest down; the list's own order when absent. */
  readonly sort?: string | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `items` holds one more than the page when there is a next one. */
export function pageOf<T>(items: readonly T[], limit: number, keyOf: (item: T) => readonly string[]): Page<T> {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, nextCursor: items.length > limit && last !== undefined ? encodeKey(keyOf(last)) : null };
}

/** The same, for keys that are one plain text. */
export function pageBy<T>(items: readonly T[], limit: number, keyOf: (item: T) => string): Page<T> {
  const shown = items.slice(0, limit);
  return { items: shown, nextCursor: items.length > limit ? keyOf(shown.at(-1)!) : null };
}

/**
 * A page of a list that is bounded by a small number and therefore read whole. `keys` by what can be sorted; rows of one
 * key stand in the order of their ids. `undefined` for a cursor that no list gave.
 */
export function pageOfAll<T extends { readonly id: string }>(
  all: readonly T[],
  { limit, cursor, sort = '' }: PageAsk,
  keys: Readonly<Record<string, (item: T) => string>>,
): Page<T> | undefined {
  const down = sort.startsWith('-');
  const keyOf = keys[down ? sort.slice(1) : sort] ?? Object.values(keys)[0]!;
  const after = cursor === undefined ? null : decodeKey(cursor, 2);
  if (after === undefined) return undefined;
  const place = (item: T): readonly [string, string] => [keyOf(item), item.id];
  const ordered = (a: readonly string[], b: readonly string[]) => (down ? compare(b, a) : compare(a, b));
  const sorted = all.map((item) => ({ item, at: place(item) })).sort((a, b) => ordered(a.at, b.at));
  const rest = after === null ? sorted : sorted.filter(({ at }) => ordered(at, after) > 0);
  return pageOf(
    rest.slice(0, limit + 1).map(({ item }) => item),
    limit,
    place,
  );
}

/** A cursor that is a UUID; null for the first page, `undefined` for a text that is none. */
export function uuidCursor(cursor: string | undefined): string | null | undefined {
  if (cursor === undefined) return null;
  return UUID.test(cursor) ? cursor : undefined;
}

/** The same for a number that counts rows. */
export function numberCursor(cursor: string | undefined): string | null | undefined {
  if (cursor === undefined) return null;
  return /^\d{1,15}$/.test(cursor) ? cursor : undefined;
}

export function encodeKey(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The members of a cursor, or `undefined` for one that we did not make. */
export function decodeKey(cursor: string, members: number): string[] | undefined {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const good = Array.isArray(key) && key.length === members && key.every(isText);
    return good ? key : undefined;
  } catch {
    return undefined;
  }
}

function isText(member: unknown): member is string {
  return typeof member === 'string' && !member.includes('\0') && member.isWellFormed();
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [index, text] of a.entries()) {
    if (text !== b[index]) return text < b[index]! ? -1 : 1;
  }
  return 0;
}
