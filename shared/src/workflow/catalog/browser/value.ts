import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const value = defineStep({
  ...reading,
  name: 'browser.value',
  summary: 'Reads the value of a field.',
  with: z.strictObject({ target: Target }),
  output: z.string(),
  example: { target: 'textbox "Amount"' },
});
