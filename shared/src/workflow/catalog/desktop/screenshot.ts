import { z } from 'zod';
import { SaveAs, StoredFile, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const screenshot = defineStep({
  ...reading,
  name: 'desktop.screenshot',
  summary: 'Stores a PNG of the screen or of one element as an artifact, secrets painted over.',
  with: z.strictObject({ target: Target.optional(), saveAs: SaveAs }),
  output: StoredFile,
  example: { target: 'window /^Ledger/', saveAs: 'ledger.png' },
});
