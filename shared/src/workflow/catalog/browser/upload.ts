import { z } from 'zod';
import { Expectation, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

/** Files in one call. */
const MAX_FILES = 50;
const FileName = z.string().min(1).max(1_000);

export const upload = defineStep({
  ...acting,
  name: 'browser.upload',
  summary: 'Gives files to a file field, or to the button that asks for them.',
  with: z.strictObject({
    target: Target,
    files: z
      .union([FileName, z.array(FileName).min(1).max(MAX_FILES)])
      .describe("A file or several: names in the run's files, or absolute paths that the agent's policy opens."),
    expect: Expectation.optional(),
  }),
  output: z.strictObject({ files: z.array(z.strictObject({ name: z.string(), bytes: z.int().min(0) })) }),
  example: { target: 'button "Attach invoice"', files: 'invoices/INV-7.pdf' },
});
