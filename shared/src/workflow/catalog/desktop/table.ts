import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const table = defineStep({
  ...reading,
  name: 'desktop.table',
  summary: 'Reads a table as a list of objects, one a row, keyed by column header.',
  with: z.strictObject({
    target: Target,
    filter: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .optional()
      .describe('Only rows whose cells equal these, by column header.'),
    limit: z.int().min(1).max(10_000).optional(),
  }),
  output: z.array(z.record(z.string(), z.string())),
  example: { target: 'table "Invoices"', filter: { Status: 'open' }, limit: 50 },
});
