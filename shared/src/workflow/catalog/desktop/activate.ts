import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { WindowState, reading } from './family.ts';

export const activate = defineStep({
  ...reading,
  name: 'desktop.activate',
  summary: 'Brings a window to the front and gives it the focus.',
  with: z.strictObject({ window: Target }),
  output: WindowState,
  example: { window: 'window /^Ledger/' },
});
