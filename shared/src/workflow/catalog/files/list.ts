import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { FilesEntry, Pattern } from './entry.ts';
import { FILE_MS, reading } from './family.ts';

export const list = defineStep({
  ...reading,
  name: 'files.list',
  summary: 'Lists files and folders, by name. Links are left out.',
  with: z.strictObject({
    folder: FileName.optional().describe("The folder: the run's files unless given."),
    pattern: Pattern.optional(),
    recursive: z.boolean().optional().describe('Also what lies in folders below: false unless given.'),
    kind: z.enum(['file', 'folder', 'any']).optional().describe('What is wanted: `file` unless given.'),
    limit: z.int().min(1).max(10_000).optional().describe('At most so many: 10,000 unless given; more fail the step.'),
  }),
  output: z.array(FilesEntry),
  example: { folder: 'invoices', pattern: '*.pdf' },
  defaultTimeoutMs: FILE_MS,
});
