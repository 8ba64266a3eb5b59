import { z } from 'zod';
import { Expectation, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

export const select = defineStep({
  ...acting,
  name: 'browser.select',
  summary: 'Chooses options of a list by their text and reads the choice back.',
  with: z.strictObject({
    target: Target,
    option: z.union([z.string(), z.array(z.string()).max(1_000)]),
    expect: Expectation.optional(),
  }),
  output: z.strictObject({ selected: z.array(z.string()) }),
  example: { target: 'combobox "Country"', option: 'Austria' },
});
