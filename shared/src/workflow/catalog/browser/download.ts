import { z } from 'zod';
import { SaveAs, StoredFile, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

/** Milliseconds. */
const DOWNLOAD_MS = 120_000;

export const download = defineStep({
  ...reading,
  name: 'browser.download',
  summary: 'Clicks an element that starts a download and stores the file as an artifact, up to 1 GiB.',
  with: z.strictObject({ target: Target, saveAs: SaveAs }),
  output: StoredFile,
  example: { target: 'row "INV-7" >> link "PDF"', saveAs: 'invoices/INV-7.pdf' },
  defaultTimeoutMs: DOWNLOAD_MS,
});
