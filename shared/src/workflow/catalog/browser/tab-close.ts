import { z } from 'zod';
import { PageState } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const tabClose = defineStep({
  ...reading,
  name: 'browser.tab.close',
  summary: 'Closes the current tab and goes on in the one that opened it.',
  with: z.strictObject({}),
  output: PageState,
  example: {},
});
