import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const text = defineStep({
  ...reading,
  name: 'desktop.text',
  summary: 'Reads the text that an element shows; of a container, the texts in it, a line each.',
  with: z.strictObject({ target: Target }),
  output: z.string(),
  example: { target: 'status' },
});
