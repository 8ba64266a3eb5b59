import { z } from 'zod';
import { Expectation, PageState, Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { acting } from './family.ts';

export const click = defineStep({
  ...acting,
  name: 'browser.click',
  summary: 'Clicks an element, then waits for what is expected of it.',
  with: z.strictObject({
    target: Target,
    button: z.enum(['left', 'right', 'middle']).optional(),
    count: z.int().min(1).max(3).optional().describe('Clicks in quick succession: 2 is a double click.'),
    expect: Expectation.optional(),
  }),
  output: PageState,
  example: { target: 'button "Sign in"', expect: { visible: 'heading "Welcome"' } },
});
