import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { DesktopExpectation, WindowState, acting } from './family.ts';

export const keys = defineStep({
  ...acting,
  name: 'desktop.keys',
  summary: 'Presses keys, on an element or where the focus is.',
  with: z.strictObject({
    target: Target.optional(),
    keys: z
      .string()
      .min(1)
      .max(1_000)
      .describe(
        '`{Enter}`, `{Control+S}`, `{F5}`, `{Tab 3}` for three times; other characters are typed; `{{` is a brace.',
      ),
    expect: DesktopExpectation.optional(),
  }),
  output: WindowState,
  example: { keys: '{Control+S}', expect: { visible: 'window "Save As"' } },
});
