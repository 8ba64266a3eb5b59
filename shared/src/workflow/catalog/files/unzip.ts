import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { Pattern } from './entry.ts';
import { FILE_MS, storing } from './family.ts';

export const unzip = defineStep({
  ...storing,
  name: 'files.unzip',
  summary:
    'Unpacks a ZIP archive and stores its files. An archive with names that lead out of the folder, with links, with doubled names or encrypted is refused as a whole.',
  with: z.strictObject({
    file: FileName,
    to: SaveAs.optional().describe("The folder among the run's files: the run's files themselves unless given."),
    pattern: Pattern.optional(),
    maxBytes: z
      .int()
      .min(1)
      .max(2_147_483_648)
      .optional()
      .describe('The most that all files together may have: 256 MiB unless given.'),
  }),
  output: z.array(StoredFile),
  example: { file: 'delivery.zip', to: 'delivery' },
  defaultTimeoutMs: FILE_MS,
});
