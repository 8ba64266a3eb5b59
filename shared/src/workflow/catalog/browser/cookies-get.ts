import { z } from 'zod';
import { Url } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const cookiesGet = defineStep({
  ...reading,
  name: 'browser.cookies.get',
  summary: 'Lists the cookies of the session; values of those that pages cannot read are left out.',
  with: z.strictObject({
    url: Url.optional().describe('Only those that would be sent there.'),
    name: z.string().min(1).max(1_000).optional(),
  }),
  output: z.array(
    z.strictObject({
      name: z.string(),
      value: z.string().nullable().describe('`null` for a cookie that is HttpOnly: outputs are recorded.'),
      domain: z.string(),
      path: z.string(),
      expires: z.iso.datetime().nullable().describe('`null` when it ends with the session.'),
    }),
  ),
  example: { url: 'https://portal.example/', name: 'language' },
});
