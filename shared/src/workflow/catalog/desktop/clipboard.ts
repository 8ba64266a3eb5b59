import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const clipboard = defineStep({
  ...reading,
  name: 'desktop.clipboard',
  summary: 'Reads the text of the clipboard; with `set`, replaces it first.',
  with: z.strictObject({ set: z.string().max(1_000_000).optional() }),
  output: z.string(),
  example: { set: 'INV-7' },
});
