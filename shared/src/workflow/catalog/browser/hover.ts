import { z } from 'zod';
import { Expectation, PageState, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const hover = defineStep({
  ...reading,
  name: 'browser.hover',
  summary: 'Moves the pointer over an element, such as one that opens a menu.',
  with: z.strictObject({ target: Target, expect: Expectation.optional() }),
  output: PageState,
  example: { target: 'menuitem "Reports"', expect: { visible: 'menuitem "By month"' } },
});
