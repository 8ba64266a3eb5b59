import { z } from 'zod';
import { StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { FILE_MS, storing } from './family.ts';

export const copy = defineStep({
  ...storing,
  name: 'files.copy',
  summary: "Copies a file. A copy among the run's files is stored as an artifact.",
  with: z.strictObject({
    from: FileName,
    to: FileName,
    overwrite: z
      .boolean()
      .optional()
      .describe('Whether another file of that name is replaced: true unless given. An equal one is no fault.'),
  }),
  output: StoredFile,
  example: { from: '/srv/inbox/order.csv', to: 'order.csv' },
  defaultTimeoutMs: FILE_MS,
});
