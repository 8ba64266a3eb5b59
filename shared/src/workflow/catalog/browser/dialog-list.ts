import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const dialogList = defineStep({
  ...reading,
  name: 'browser.dialog.list',
  summary: 'Lists the dialogs that the pages of the session have shown, oldest first, and how they were answered.',
  with: z.strictObject({}),
  output: z.array(z.strictObject({ kind: z.string(), message: z.string(), accepted: z.boolean() })),
  example: {},
});
