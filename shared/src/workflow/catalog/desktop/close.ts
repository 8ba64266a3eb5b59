import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

export const close = defineStep({
  ...acting,
  name: 'desktop.close',
  summary:
    'Closes a window as its close button does and waits until it is gone; without one, ends the desktop session.',
  with: z.strictObject({ window: Target.optional() }),
  output: z.null(),
  example: { window: 'window "New entry"' },
});
