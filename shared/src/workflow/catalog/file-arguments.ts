/** Arguments and outputs of the steps that read and write files, tables of rows above all. */
import { z } from 'zod';
import { SaveAs, StoredFile } from './arguments.ts';

/** A file that a step opens. */
export const FileName = z
  .string()
  .min(1)
  .max(4_096)
  .regex(/^[^\0]+$/, 'expected a name without NUL')
  .describe(
    "A name below the run's files, where steps store theirs, or an absolute path that the agent's policy opens.",
  );

/** How text is stored as bytes. */
export const Encoding = z.enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-1']);
export type Encoding = z.infer<typeof Encoding>;

/** How a text file that is read is stored; a byte order mark wins over it. */
export const ReadEncoding = Encoding.optional().describe(
  'How the file is stored: utf-8 unless given; a byte order mark at its beginning wins.',
);

/** What a cell of a table holds. */
export const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Cell = z.infer<typeof Cell>;

/** The largest table that an argument holds, rows; a larger one comes from a file. */
const ROWS = 100_000;

/** A row by column name, or in order. */
export const Row = z.union([z.record(z.string().max(1_000), Cell), z.array(Cell).max(16_384)]);
export type Row = z.infer<typeof Row>;

/** Rows to write. */
export const Rows = z.array(Row).max(ROWS).describe('Objects by column, or lists in the order of the columns.');

/** Rows to write that an earlier step stored. */
export const RowsFrom = FileName.describe('In place of `rows`: a file of JSON lines, as steps store with `saveAs`.');

/** The columns to write. */
export const Columns = z.array(z.string().max(1_000)).min(1).max(16_384);

/** Which rows of a table are wanted, and where they go. */
export const RowChoice = {
  header: z
    .boolean()
    .optional()
    .describe('Whether the first row names the columns: true unless given. Without, rows are lists.'),
  columns: Columns.optional().describe('Only these columns, in this order.'),
  skip: z.int().min(0).optional().describe('Rows to leave out at the beginning, not counting the header.'),
  limit: z.int().min(0).optional().describe('At most so many rows.'),
  saveAs: SaveAs.optional().describe(
    'Stores the rows as a file of JSON lines in place of putting them out: for many rows.',
  ),
} as const;

/** Rows that were read. */
export const RowsRead = z.strictObject({
  columns: z.array(z.string()).describe('Names of the columns; empty without a header.'),
  rows: z.array(Row).describe('Empty with `saveAs`.'),
  count: z.int().min(0).describe('Rows that were taken.'),
  more: z.boolean().describe('Whether rows are left behind `limit`.'),
  file: StoredFile.optional().describe('With `saveAs`: the stored file.'),
});
export type RowsRead = z.infer<typeof RowsRead>;
