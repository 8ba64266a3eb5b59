import { z } from 'zod';
import { SaveAs, StoredFile, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

/** Milliseconds. */
const DOWNLOADS_MS = 300_000;

export const downloads = defineStep({
  ...reading,
  name: 'browser.downloads',
  summary:
    'Clicks an element that starts several downloads and stores each file as an artifact, under its own name, up to 1 GiB together.',
  with: z.strictObject({
    target: Target,
    count: z.int().min(1).max(100).describe('How many files come.'),
    into: SaveAs.describe("The folder in the run's files that they are stored in."),
  }),
  output: z.array(StoredFile),
  example: { target: 'button "Download all"', count: 3, into: 'statements' },
  defaultTimeoutMs: DOWNLOADS_MS,
});
