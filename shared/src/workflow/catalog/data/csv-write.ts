import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { Columns, Encoding, Rows, RowsFrom } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const csvWrite = defineStep({
  ...data,
  name: 'data.csv.write',
  summary: 'Stores rows as a CSV file; a file of the same name is replaced.',
  with: z
    .strictObject({
      rows: Rows.optional(),
      rowsFrom: RowsFrom.optional(),
      columns: Columns.optional().describe('The columns, in order; those of the first row unless given.'),
      saveAs: SaveAs,
      header: z.boolean().optional().describe('Whether the first line names the columns: true unless given.'),
      delimiter: z.enum([',', ';', '\t', '|']).optional().describe('What separates cells: `,` unless given.'),
      encoding: Encoding.optional().describe('utf-8 unless given. A character that it cannot store fails the step.'),
      byteOrderMark: z
        .boolean()
        .optional()
        .describe('Begins the file with a byte order mark, which Excel needs for utf-8: false unless given.'),
      newline: z.enum(['lf', 'crlf']).optional().describe('How lines end: crlf unless given, as RFC 4180 says.'),
      formulas: z
        .enum(['disarm', 'keep'])
        .optional()
        .describe(
          'What happens to texts that a spreadsheet would run as a formula (they begin with `=`, `+`, `-`, `@`, a tab or a carriage return and are no number): `disarm`, unless given, puts an apostrophe before them; `keep` leaves them.',
        ),
    })
    .refine(
      ({ rows, rowsFrom }) => (rows === undefined) !== (rowsFrom === undefined),
      'expected either `rows` or `rowsFrom`',
    ),
  output: StoredFile,
  example: { rows: '${ .orders }', columns: ['number', 'total'], saveAs: 'orders.csv', delimiter: ';' },
  defaultTimeoutMs: FILE_MS,
});
