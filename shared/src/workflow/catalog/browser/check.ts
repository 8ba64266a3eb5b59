import { z } from 'zod';
import { Expectation, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

export const check = defineStep({
  ...acting,
  name: 'browser.check',
  summary: 'Sets or clears a check box, radio button or switch.',
  with: z.strictObject({ target: Target, checked: z.boolean().optional(), expect: Expectation.optional() }),
  output: z.strictObject({ checked: z.boolean() }),
  example: { target: 'checkbox "I agree"' },
});
