import { z } from 'zod';
import { Expectation, PageState, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

export const type = defineStep({
  ...acting,
  name: 'browser.type',
  summary: 'Types a text key by key, for fields that react to each key; keeps what the field holds.',
  with: z.strictObject({
    target: Target.optional().describe('The field; without it, where the focus is.'),
    text: z.string().min(1).max(5_000),
    delayMs: z.int().min(0).max(1_000).optional().describe('A pause between two keys, milliseconds.'),
    expect: Expectation.optional(),
  }),
  output: PageState,
  example: { target: 'combobox "City"', text: 'Vien', expect: { visible: 'option "Vienna"' } },
});
