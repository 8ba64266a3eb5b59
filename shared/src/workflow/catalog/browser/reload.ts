import { z } from 'zod';
import { Expectation, PageState } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading, LOADING_MS } from './family.ts';

export const reload = defineStep({
  ...reading,
  name: 'browser.reload',
  summary: 'Loads the page again; refused where that would send a form again.',
  with: z.strictObject({ expect: Expectation.optional() }),
  output: PageState,
  example: { expect: { gone: 'status /loading/i' } },
  defaultTimeoutMs: LOADING_MS,
});
