import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { WindowState, acting } from './family.ts';

export const scroll = defineStep({
  ...acting,
  name: 'desktop.scroll',
  summary: 'Turns the wheel over an element, so often or until another element can be seen.',
  with: z.strictObject({
    target: Target,
    direction: z.enum(['up', 'down', 'left', 'right']).optional().describe('`down` without.'),
    notches: z.int().min(1).max(100).optional().describe('Of the wheel: 3 without.'),
    until: Target.optional().describe('Goes on until the middle of this can be seen.'),
  }),
  output: WindowState,
  example: { target: 'table "Invoices"', until: 'cell "INV-99"' },
});
