import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName, ReadEncoding, RowChoice, RowsRead } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const csvRead = defineStep({
  ...data,
  name: 'data.csv.read',
  summary: 'Reads rows of a CSV file of any size. Cells are texts.',
  with: z.strictObject({
    file: FileName,
    encoding: ReadEncoding,
    delimiter: z
      .enum([',', ';', '\t', '|'])
      .optional()
      .describe('What separates cells; found in the first line unless given.'),
    quote: z.enum(['"', "'"]).optional().describe('What encloses cells; `"` unless given.'),
    ...RowChoice,
  }),
  output: RowsRead,
  example: { file: 'orders.csv', delimiter: ';', columns: ['Number', 'Total'], limit: 500 },
  defaultTimeoutMs: FILE_MS,
});
