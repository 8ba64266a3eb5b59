import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

export const evaluate = defineStep({
  ...acting,
  name: 'browser.evaluate',
  summary: "Runs a script of the document in the page. Off unless the agent's policy allows it.",
  with: z.strictObject({
    target: Target.optional().describe('The element that the script gets as its first argument.'),
    script: z
      .string()
      .min(1)
      .max(20_000)
      .describe('A JavaScript function, written out: data reaches it by `argument`, never as text of the script.'),
    argument: z.unknown().optional().describe('What the function is called with.'),
  }),
  output: z.json(),
  example: { script: '(name) => document.querySelectorAll(name).length', argument: 'canvas' },
  literals: ['script'],
});
