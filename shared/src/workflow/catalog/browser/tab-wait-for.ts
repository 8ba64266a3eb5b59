import { z } from 'zod';
import { Expectation, PageState } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading, LOADING_MS } from './family.ts';

export const tabWaitFor = defineStep({
  ...reading,
  name: 'browser.tab.waitFor',
  summary: 'Waits for a tab that the page opens, and goes on in it.',
  with: z.strictObject({ expect: Expectation.optional() }),
  output: PageState,
  example: { expect: { visible: 'heading "Print"' } },
  defaultTimeoutMs: LOADING_MS,
});
