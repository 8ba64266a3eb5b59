import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { STARTING_MS, WindowState, reading } from './family.ts';

export const attach = defineStep({
  ...reading,
  needsSession: false,
  name: 'desktop.attach',
  summary: 'Makes the window of a program that runs already part of the run, on the display of the agent.',
  with: z.strictObject({ window: Target.describe('The one window, such as `window /^Ledger/`.') }),
  output: WindowState,
  example: { window: 'window /^Ledger/' },
  defaultTimeoutMs: STARTING_MS,
});
