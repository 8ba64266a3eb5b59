import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, WindowState, acting } from './family.ts';

export const setValue = defineStep({
  ...acting,
  name: 'desktop.setValue',
  summary: 'Sets the text or the number of a field and reads it back.',
  with: z.strictObject({
    target: Target,
    value: z.union([z.string().max(100_000), z.number()]),
    expect: DesktopExpectation.optional(),
  }),
  output: WindowState,
  example: { target: 'textbox "Account"', value: '4711' },
});
