import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const close = defineStep({
  ...reading,
  name: 'browser.close',
  summary: 'Ends the browser session.',
  with: z.strictObject({}),
  output: z.null(),
  example: {},
});
