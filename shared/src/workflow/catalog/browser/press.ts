import { z } from 'zod';
import { Expectation, PageState, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

export const press = defineStep({
  ...acting,
  name: 'browser.press',
  summary: 'Presses a key or a combination such as `Control+A`, on an element or where the focus is.',
  with: z.strictObject({ target: Target.optional(), key: z.string().min(1).max(50), expect: Expectation.optional() }),
  output: PageState,
  example: { target: 'searchbox "Search"', key: 'Enter' },
});
