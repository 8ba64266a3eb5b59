import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { Rows, RowsFrom } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

/** One column of a sheet. */
const ExcelColumn = z.strictObject({
  name: z.string().max(1_000).describe("Its name in the rows; of rows that are lists, the column's place decides."),
  title: z.string().max(1_000).optional().describe('What the first row calls it; its name unless given.'),
  type: z
    .enum(['text', 'number', 'boolean', 'date', 'formula'])
    .optional()
    .describe(
      'What its cells are; as the values are unless given. `date` takes ISO 8601 texts; only `formula` writes formulas.',
    ),
  format: z.string().min(1).max(200).optional().describe('How Excel shows it, such as `#,##0.00` or `dd.mm.yyyy`.'),
  width: z.number().min(1).max(255).optional().describe('In characters.'),
});
export type ExcelColumn = z.infer<typeof ExcelColumn>;

const Sheet = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(31)
      .regex(/^[^\\/?*[\]:]+$/, 'expected a name without \\ / ? * [ ] :'),
    rows: Rows.optional(),
    rowsFrom: RowsFrom.optional(),
    columns: z.array(ExcelColumn).min(1).max(16_384).optional().describe('Those of the first row unless given.'),
    header: z.boolean().optional().describe('Whether the first row names the columns: true unless given.'),
  })
  .refine(
    ({ rows, rowsFrom }) => (rows === undefined) !== (rowsFrom === undefined),
    'expected either `rows` or `rowsFrom`',
  );

export const excelWrite = defineStep({
  ...data,
  name: 'data.excel.write',
  summary:
    'Stores rows as an Excel workbook; a file of the same name is replaced. Texts stay texts: none becomes a formula.',
  with: z.strictObject({
    saveAs: SaveAs.regex(/\.xlsx$/i, 'expected a name that ends in .xlsx'),
    sheets: z.array(Sheet).min(1).max(100).describe('`name`, `rows` or `rowsFrom`, `columns`, `header` of each.'),
  }),
  output: StoredFile,
  example: {
    saveAs: 'report.xlsx',
    sheets: [
      { name: 'Orders', rows: '${ .orders }', columns: [{ name: 'number' }, { name: 'total', format: '#,##0.00' }] },
    ],
  },
  defaultTimeoutMs: FILE_MS,
});
