import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { Length, Pixels, reading } from './family.ts';

export const window = defineStep({
  ...reading,
  name: 'desktop.window',
  summary: 'Moves, resizes, maximizes, minimizes or restores a window.',
  with: z.strictObject({
    window: Target,
    state: z.enum(['normal', 'maximized', 'minimized']).optional(),
    x: Pixels.optional().describe('Where its left edge goes, pixels.'),
    y: Pixels.optional().describe('Where its upper edge goes, pixels.'),
    width: Length.optional(),
    height: Length.optional(),
  }),
  output: z.strictObject({
    window: z.string(),
    state: z.enum(['normal', 'maximized', 'minimized']),
    x: z.int(),
    y: z.int(),
    width: z.int(),
    height: z.int(),
  }),
  example: { window: 'window /^Ledger/', state: 'maximized' },
});
