import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, WindowState, acting } from './family.ts';

export const drag = defineStep({
  ...acting,
  name: 'desktop.drag',
  summary: 'Drags an element onto another with the pointer.',
  with: z.strictObject({ from: Target, to: Target, expect: DesktopExpectation.optional() }),
  output: WindowState,
  example: { from: 'listitem "Draft"', to: 'list "Done"' },
});
