import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, WindowState, acting } from './family.ts';

export const type = defineStep({
  ...acting,
  name: 'desktop.type',
  summary: 'Types text with the keyboard, into an element or where the focus is.',
  with: z.strictObject({
    target: Target.optional(),
    text: z.string().max(10_000).describe('Line breaks are the Enter key, tabs the Tab key.'),
    expect: DesktopExpectation.optional(),
  }),
  output: WindowState,
  example: { target: 'textbox "Search"', text: 'invoice' },
});
