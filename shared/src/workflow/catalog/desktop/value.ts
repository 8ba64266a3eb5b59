import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const value = defineStep({
  ...reading,
  name: 'desktop.value',
  summary: 'Reads the value of a field: its text, its number, or the choice of a combo box.',
  with: z.strictObject({ target: Target }),
  output: z.string(),
  example: { target: 'textbox "Amount"' },
});
