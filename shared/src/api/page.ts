/** Cursor pagination, the same for every list. */
import { z } from 'zod';

/** `?limit=&cursor=`; the cursor is opaque and comes from the previous page. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** The longest holds a file's name. */
  cursor: z.string().max(4_000).optional(),
});

/** A page of `item`s, newest first unless the list says otherwise; `nextCursor` is null on the last page. */
export function page<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; nextCursor: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const IdParams = z.object({ id: z.uuid() });
/** A time that a database can hold: no year 0, no endless fraction. */
export const time = z.iso.datetime().refine((text) => text.length <= 40 && !text.startsWith('0000'), 'Invalid time');
