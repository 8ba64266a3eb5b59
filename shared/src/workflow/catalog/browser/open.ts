import { z } from 'zod';
import { Expectation, PageState, Url } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading, LOADING_MS } from './family.ts';

export const open = defineStep({
  ...reading,
  needsSession: false,
  name: 'browser.open',
  summary: 'Starts a fresh browser session and goes to an address.',
  with: z.strictObject({
    url: Url,
    viewport: z.strictObject({ width: z.int().min(100).max(8_000), height: z.int().min(100).max(8_000) }).optional(),
    expect: Expectation.optional(),
  }),
  output: PageState,
  example: { url: 'https://portal.example/login' },
  defaultTimeoutMs: LOADING_MS,
});
