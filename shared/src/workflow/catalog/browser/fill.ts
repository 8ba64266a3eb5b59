import { z } from 'zod';
import { Expectation, PageState, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

export const fill = defineStep({
  ...acting,
  name: 'browser.fill',
  summary: 'Replaces the text of a field and reads it back.',
  with: z.strictObject({
    target: Target,
    value: z.union([z.string().max(100_000), z.number()]),
    expect: Expectation.optional(),
  }),
  output: PageState,
  example: { target: 'textbox "User name"', value: 'ada' },
});
