/** What reading a table takes and answers, on a page or on a desktop. */
import { z } from 'zod';
import { Target } from './arguments.ts';

/** Rows that are read of one table at most. */
export const TABLE_ROWS = 10_000;

export const TableArguments = z.strictObject({
  target: Target,
  filter: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .optional()
    .describe('Only rows whose cells equal these, by column header.'),
  limit: z.int().min(1).max(TABLE_ROWS).optional(),
});
export type TableArguments = z.infer<typeof TableArguments>;

/** A row is an object by column header. */
export const TableRows = z.array(z.record(z.string(), z.string()));
export type TableRows = z.infer<typeof TableRows>;
