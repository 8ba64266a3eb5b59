import { z } from 'zod';
import { StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { FILE_MS, taking } from './family.ts';

export const move = defineStep({
  ...taking,
  name: 'files.move',
  summary: "Moves or renames a file. What comes among the run's files is stored as an artifact.",
  with: z.strictObject({
    from: FileName,
    to: FileName,
    overwrite: z.boolean().optional().describe('Whether a file of that name is replaced: false unless given.'),
  }),
  output: StoredFile,
  example: { from: '/srv/inbox/order.csv', to: '/srv/done/order.csv' },
  defaultTimeoutMs: FILE_MS,
});
