import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, WindowState, acting } from './family.ts';

export const rightClick = defineStep({
  ...acting,
  name: 'desktop.rightClick',
  summary: 'Clicks an element with the right button, which usually opens its menu.',
  with: z.strictObject({ target: Target, expect: DesktopExpectation.optional() }),
  output: WindowState,
  example: { target: 'cell "INV-7"', expect: { visible: 'menuitem "Delete"' } },
});
