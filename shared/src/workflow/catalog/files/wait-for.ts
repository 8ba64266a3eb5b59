import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { FilesEntry, Pattern } from './entry.ts';
import { FILE_MS, reading } from './family.ts';

export const waitFor = defineStep({
  ...reading,
  name: 'files.waitFor',
  summary: 'Waits until a file is there and nobody writes it any more.',
  with: z
    .strictObject({
      file: FileName.optional(),
      folder: FileName.optional().describe('With `pattern`, in place of `file`: the folder that is looked at.'),
      pattern: Pattern.optional().describe('The first file by name that it stands for.'),
      quietMs: z
        .int()
        .min(0)
        .max(60_000)
        .optional()
        .describe('How long its size and time must not change: 1,000 unless given.'),
    })
    .refine(
      ({ file, folder, pattern }) =>
        file === undefined
          ? folder !== undefined && pattern !== undefined
          : folder === undefined && pattern === undefined,
      'expected either `file`, or `folder` and `pattern`',
    ),
  output: FilesEntry,
  example: { folder: '/srv/inbox', pattern: 'order-*.csv' },
  defaultTimeoutMs: FILE_MS,
});
