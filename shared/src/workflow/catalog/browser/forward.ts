import { z } from 'zod';
import { Expectation, PageState } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading, LOADING_MS } from './family.ts';

export const forward = defineStep({
  ...reading,
  name: 'browser.forward',
  summary: 'Goes forward again after going back.',
  with: z.strictObject({ expect: Expectation.optional() }),
  output: PageState,
  example: {},
  defaultTimeoutMs: LOADING_MS,
});
