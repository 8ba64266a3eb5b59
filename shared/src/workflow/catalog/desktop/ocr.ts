import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const ocr = defineStep({
  ...reading,
  name: 'desktop.ocr',
  summary:
    'Reads the text in the picture of an element or of the screen, for applications that tell nothing of themselves.',
  with: z.strictObject({ target: Target.optional() }),
  output: z.strictObject({
    text: z.string(),
    lines: z.array(
      z.strictObject({
        text: z.string(),
        confidence: z.number().describe('From 0 to 100.'),
        x: z.int().describe('On the screen, pixels, like the others.'),
        y: z.int(),
        width: z.int(),
        height: z.int(),
      }),
    ),
  }),
  example: { target: 'window /^Terminal/' },
  defaultTimeoutMs: 60_000,
});
