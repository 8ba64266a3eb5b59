import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const cookiesClear = defineStep({
  ...reading,
  name: 'browser.cookies.clear',
  summary: 'Removes cookies of the session: all, or those of a name or a domain.',
  with: z.strictObject({
    name: z.string().min(1).max(1_000).optional(),
    domain: z.string().min(1).max(300).optional(),
  }),
  output: z.null(),
  example: { domain: 'portal.example' },
});
