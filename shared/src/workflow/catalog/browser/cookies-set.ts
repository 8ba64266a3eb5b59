import { z } from 'zod';
import { Url } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const cookiesSet = defineStep({
  ...reading,
  name: 'browser.cookies.set',
  summary: 'Sets a cookie for the host of an address.',
  with: z.strictObject({
    url: Url,
    name: z.string().min(1).max(1_000),
    value: z.string().max(4_000),
    expires: z.iso.datetime().optional().describe('When it ends; with the session when absent.'),
    httpOnly: z.boolean().optional(),
    sameSite: z.enum(['Strict', 'Lax', 'None']).optional(),
  }),
  output: z.null(),
  example: { url: 'https://portal.example/', name: 'language', value: 'de' },
});
