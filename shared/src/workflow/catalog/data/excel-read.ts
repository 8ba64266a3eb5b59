import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName, RowChoice, RowsRead } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const excelRead = defineStep({
  ...data,
  name: 'data.excel.read',
  summary:
    'Reads rows of a sheet of an Excel workbook (.xlsx, .xlsm): typed cells, dates as ISO 8601 texts, of formulas their last result (nothing where no spreadsheet has computed one). Empty rows are left out.',
  with: z.strictObject({
    file: FileName,
    sheet: z
      .union([z.string().min(1).max(31), z.int().min(1).max(10_000)])
      .optional()
      .describe('Its name, or its place from 1; the first unless given.'),
    range: z
      .string()
      .regex(/^[A-Z]{1,3}[1-9]\d{0,6}:[A-Z]{1,3}[1-9]\d{0,6}$/, 'expected a range such as A3:F200')
      .optional()
      .describe('Only these cells, such as `A3:F200`.'),
    formulas: z
      .enum(['results', 'texts'])
      .optional()
      .describe('What a formula gives: its last `results`, unless given, or its text with `=` before it.'),
    merged: z
      .enum(['first', 'all'])
      .optional()
      .describe('Where the value of merged cells stands: in the `first` of them, unless given, or in `all`.'),
    ...RowChoice,
  }),
  output: RowsRead,
  example: { file: 'prices.xlsx', sheet: 'May', range: 'A3:F200' },
  defaultTimeoutMs: FILE_MS,
});
