import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, WindowState, acting } from './family.ts';

export const click = defineStep({
  ...acting,
  name: 'desktop.click',
  summary: 'Clicks an element, opening the menus it is in, then waits for what is expected of it.',
  with: z.strictObject({ target: Target, expect: DesktopExpectation.optional() }),
  output: WindowState,
  example: { target: 'window /^Ledger/ >> button "Save"', expect: { gone: 'window "New entry"' } },
});
