import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const list = defineStep({
  ...reading,
  name: 'browser.list',
  summary: 'Reads the texts of the items of a list.',
  with: z.strictObject({ target: Target, limit: z.int().min(1).max(10_000).optional() }),
  output: z.array(z.string()),
  example: { target: 'list "Open orders"' },
});
