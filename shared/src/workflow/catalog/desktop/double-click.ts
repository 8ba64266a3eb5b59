import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, WindowState, acting } from './family.ts';

export const doubleClick = defineStep({
  ...acting,
  name: 'desktop.doubleClick',
  summary: 'Clicks an element twice with the pointer.',
  with: z.strictObject({ target: Target, expect: DesktopExpectation.optional() }),
  output: WindowState,
  example: { target: 'cell "INV-7"', expect: { visible: 'window "Entry"' } },
});
