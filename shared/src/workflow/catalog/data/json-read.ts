import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const jsonRead = defineStep({
  ...data,
  name: 'data.json.read',
  summary: 'Reads a JSON file of at most 16 MiB, or a part of it.',
  with: z.strictObject({
    file: FileName,
    at: z
      .string()
      .max(1_000)
      .regex(/^(\/.*)?$/s, 'expected a JSON pointer such as /orders/0')
      .optional()
      .describe('A JSON pointer to the part that is wanted, such as `/orders/0`.'),
  }),
  output: z.json(),
  example: { file: 'orders.json', at: '/orders' },
  defaultTimeoutMs: FILE_MS,
});
