import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, acting } from './family.ts';

export const check = defineStep({
  ...acting,
  name: 'desktop.check',
  summary: 'Sets or clears a check box, radio button, switch or menu item.',
  with: z.strictObject({ target: Target, checked: z.boolean().optional(), expect: DesktopExpectation.optional() }),
  output: z.strictObject({ checked: z.boolean() }),
  example: { target: 'checkbox "Keep a copy"' },
});
