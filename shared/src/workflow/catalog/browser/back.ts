import { z } from 'zod';
import { Expectation, PageState } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading, LOADING_MS } from './family.ts';

export const back = defineStep({
  ...reading,
  name: 'browser.back',
  summary: 'Goes back to the page before in the tab.',
  with: z.strictObject({ expect: Expectation.optional() }),
  output: PageState,
  example: { expect: { visible: 'heading "Invoices"' } },
  defaultTimeoutMs: LOADING_MS,
});
