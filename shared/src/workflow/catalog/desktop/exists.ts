import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const exists = defineStep({
  ...reading,
  name: 'desktop.exists',
  summary: 'Tells whether a selector matches anything that shows now; does not wait.',
  with: z.strictObject({ target: Target }),
  output: z.boolean(),
  example: { target: 'alertdialog /expired/' },
});
