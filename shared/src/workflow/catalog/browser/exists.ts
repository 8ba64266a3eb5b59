import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const exists = defineStep({
  ...reading,
  name: 'browser.exists',
  summary: 'Tells whether a selector matches anything now; does not wait.',
  with: z.strictObject({ target: Target }),
  output: z.boolean(),
  example: { target: 'alert /expired/' },
});
