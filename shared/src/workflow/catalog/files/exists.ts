import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { reading } from './family.ts';

export const exists = defineStep({
  ...reading,
  name: 'files.exists',
  summary: 'Tells whether a file is there now; does not wait.',
  with: z.strictObject({ file: FileName }),
  output: z.boolean(),
  example: { file: '/srv/inbox/order.csv' },
});
