import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { FILE_MS, storing } from './family.ts';

export const zip = defineStep({
  ...storing,
  name: 'files.zip',
  summary: 'Packs files into a ZIP archive; an archive of the same name is replaced.',
  with: z.strictObject({
    files: z
      .array(FileName)
      .min(1)
      .max(10_000)
      .describe("What is packed. A name of the run's files is kept; of an absolute one the last part."),
    saveAs: SaveAs,
  }),
  output: StoredFile,
  example: { files: ['report.xlsx', 'invoices/INV-7.pdf'], saveAs: 'report.zip' },
  defaultTimeoutMs: FILE_MS,
});
