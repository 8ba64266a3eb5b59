import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const pdfText = defineStep({
  ...data,
  name: 'data.pdf.text',
  summary: 'Reads the text of a PDF of at most 64 MiB, page by page. A scanned page has none.',
  with: z.strictObject({
    file: FileName,
    from: z.int().min(1).max(100_000).optional().describe('The first page that is wanted: 1 unless given.'),
    to: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe('The last page that is wanted: the last of the file unless given.'),
    password: z.string().min(1).max(200).optional(),
    saveAs: SaveAs.optional().describe(
      'Stores the text as a file, pages parted by a form feed, in place of putting it out.',
    ),
  }),
  output: z.strictObject({
    pages: z.int().min(0).describe('Pages of the file.'),
    text: z.array(z.string()).describe('One text for each page that was read; empty with `saveAs`.'),
    file: StoredFile.optional().describe('With `saveAs`: the stored file.'),
  }),
  example: { file: 'invoices/INV-7.pdf', to: 2 },
  defaultTimeoutMs: FILE_MS,
});
