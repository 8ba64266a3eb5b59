import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const text = defineStep({
  ...reading,
  name: 'browser.text',
  summary: 'Reads the visible text of an element.',
  with: z.strictObject({ target: Target }),
  output: z.string(),
  example: { target: 'status' },
});
