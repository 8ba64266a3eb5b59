import { z } from 'zod';
import { Expectation, PageState, Url } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading, LOADING_MS } from './family.ts';

export const open = defineStep({
  ...reading,
  needsSession: false,
  name: 'browser.open',
  summary: 'Starts a fresh browser session, or one of a kept profile, and goes to an address.',
  with: z.strictObject({
    url: Url,
    profile: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected a name of lower-case letters, digits and hyphens')
      .optional()
      .describe(
        'Keeps cookies and storage on the agent under this name; one run at a time. Without it nothing is kept.',
      ),
    viewport: z.strictObject({ width: z.int().min(100).max(8_000), height: z.int().min(100).max(8_000) }).optional(),
    expect: Expectation.optional(),
  }),
  output: PageState,
  example: { url: 'https://portal.example/login' },
  defaultTimeoutMs: LOADING_MS,
});
