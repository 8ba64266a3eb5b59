import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const pdf = defineStep({
  ...reading,
  name: 'browser.pdf',
  summary: 'Prints the page into a PDF and stores it as an artifact.',
  with: z.strictObject({
    saveAs: SaveAs,
    format: z.enum(['A3', 'A4', 'A5', 'Letter', 'Legal']).optional().describe('A4 when absent.'),
    landscape: z.boolean().optional(),
    background: z.boolean().optional().describe('Prints background colours and pictures too.'),
  }),
  output: StoredFile,
  example: { saveAs: 'confirmation.pdf', background: true },
});
