import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const dialogAnswer = defineStep({
  ...reading,
  name: 'browser.dialog.answer',
  summary: 'Says how the next dialog of the page (alert, confirm, prompt) is answered; all others are dismissed.',
  with: z.strictObject({
    accept: z.boolean(),
    text: z.string().max(10_000).optional().describe('What to enter where the dialog asks for a text.'),
  }),
  output: z.null(),
  example: { accept: true },
});
