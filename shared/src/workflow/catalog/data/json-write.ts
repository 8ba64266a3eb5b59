import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { data, FILE_MS } from './family.ts';

export const jsonWrite = defineStep({
  ...data,
  name: 'data.json.write',
  summary: 'Stores a value as a JSON file; a file of the same name is replaced.',
  with: z.strictObject({
    value: z.unknown().describe('Anything.'),
    saveAs: SaveAs,
    indent: z.int().min(0).max(8).optional().describe('Spaces for each level: 2 unless given, 0 for one line.'),
  }),
  output: StoredFile,
  example: { value: '${ .orders }', saveAs: 'orders.json' },
  defaultTimeoutMs: FILE_MS,
});
