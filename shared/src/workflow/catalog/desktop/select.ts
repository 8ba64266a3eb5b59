import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, acting } from './family.ts';

export const select = defineStep({
  ...acting,
  name: 'desktop.select',
  summary: 'Chooses an option of a list, a combo box, a row of tabs or a tree by its text and reads the choice back.',
  with: z.strictObject({ target: Target, option: z.string().min(1).max(1_000), expect: DesktopExpectation.optional() }),
  output: z.strictObject({ selected: z.string() }),
  example: { target: 'combobox "Country"', option: 'Austria' },
});
