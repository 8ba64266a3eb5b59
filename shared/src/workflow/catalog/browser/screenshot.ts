import { z } from 'zod';
import { SaveAs, StoredFile, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const screenshot = defineStep({
  ...reading,
  name: 'browser.screenshot',
  summary: 'Stores a PNG of the page or of one element as an artifact.',
  with: z.strictObject({ target: Target.optional(), fullPage: z.boolean().optional(), saveAs: SaveAs }),
  output: StoredFile,
  example: { saveAs: 'overview.png', fullPage: true },
});
