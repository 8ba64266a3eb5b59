import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { Length, STARTING_MS, WindowState, acting } from './family.ts';

export const open = defineStep({
  ...acting,
  needsSession: false,
  name: 'desktop.open',
  summary: 'Starts a program, on a display of its own if the run has none yet, and waits for its window.',
  with: z.strictObject({
    app: z.string().min(1).max(1_000).describe("The program: its path, or its name where the agent's PATH has it."),
    args: z
      .array(z.string().max(4_000))
      .max(100)
      .optional()
      .describe("Its arguments. It starts in the folder of the run's files, which is `~/files` in file dialogs too."),
    window: Target.optional().describe('The window to wait for; without, the first one that the program opens.'),
    screen: z
      .strictObject({ width: Length, height: Length })
      .optional()
      .describe('The size of the display, pixels, where the step starts one.'),
  }),
  output: WindowState,
  example: { app: 'galculator', window: 'window /^galculator/' },
  defaultTimeoutMs: STARTING_MS,
});
