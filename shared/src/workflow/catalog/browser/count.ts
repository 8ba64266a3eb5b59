import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const count = defineStep({
  ...reading,
  name: 'browser.count',
  summary: 'Counts the elements that a selector matches.',
  with: z.strictObject({ target: Target }),
  output: z.int().min(0),
  example: { target: 'listitem' },
});
