import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { taking } from './family.ts';

export const remove = defineStep({
  ...taking,
  name: 'files.delete',
  summary: 'Deletes a file. What was stored of it as an artifact stays.',
  with: z.strictObject({
    file: FileName,
    missing: z
      .enum(['fail', 'ignore'])
      .optional()
      .describe('What happens when it is not there: the step fails unless given.'),
  }),
  output: z.boolean().describe('Whether there was one.'),
  example: { file: '/srv/inbox/order.csv' },
});
