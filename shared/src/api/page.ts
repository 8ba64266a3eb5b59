/**
 * Lists, all of one shape (ADR 0046): `limit`, an opaque `cursor`, `sort` from an allow-list of the list, and filters that
 * have the same names everywhere. `test/security/lists.test.ts` fails for a list that is declared in another way.
 */
import { z } from 'zod';

/** `?limit=&cursor=`; the cursor is opaque and comes from the previous page. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** The longest holds a file's name. */
  cursor: z.string().max(4_100).optional(),
});

/** A page of `item`s; `nextCursor` is null on the last page. */
export function page<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; nextCursor: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const IdParams = z.object({ id: z.uuid() });
/** A time that a database can hold: no year 0, no endless fraction. */
export const time = z.iso.datetime().refine((text) => text.length <= 40 && !text.startsWith('0000'), 'Invalid time');

/** What an operation that lists says of itself. */
export interface ListShape {
  /** The first one counts where nothing else is asked for; `-` is from the greatest down. */
  readonly sort: readonly string[];
  readonly filters: readonly string[];
}

/** Filters that mean the same in every list that has them. */
export const FILTERS = {
  /** Made at this time or later. */
  createdAfter: time.optional(),
  /** Made before this time. */
  createdBefore: time.optional(),
  /** A part of what the thing is called by. */
  q: z.string().max(200).optional(),
  /** The name of a site. */
  site: z.string().min(1).max(100).optional(),
  /** A label, `name` or `name=value`. */
  tag: z.string().min(1).max(200).optional(),
} as const;
/** From when to when. */
export const CREATED = { createdAfter: FILTERS.createdAfter, createdBefore: FILTERS.createdBefore } as const;

/**
 * The query, the answer and the description of an operation that lists `item`s: `endpoint({ ..., ...paged(Job, { ... }) })`.
 * An order in `sort` has an index behind it, or its list a bound that is small.
 */
export function paged<T extends z.ZodType, const S extends readonly [string, ...string[]], F extends z.core.$ZodShape>(
  item: T,
  { sort, filters }: { readonly sort: S; readonly filters: F },
) {
  const query = PageQuery.extend({ sort: z.enum(sort).default(sort[0] as S[number] as never), ...filters });
  const list: ListShape = { sort, filters: Object.keys(filters) };
  return { query, answer: { json: page(item) }, list };
}
