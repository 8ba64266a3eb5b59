import { z } from 'zod';
import { Expectation, PageState, Url } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading, LOADING_MS } from './family.ts';

export const goto = defineStep({
  ...reading,
  name: 'browser.goto',
  summary: 'Goes to an address in the open session.',
  with: z.strictObject({ url: Url, expect: Expectation.optional() }),
  output: PageState,
  example: { url: 'https://portal.example/invoices' },
  defaultTimeoutMs: LOADING_MS,
});
