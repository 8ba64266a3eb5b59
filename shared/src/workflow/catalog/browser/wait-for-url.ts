import { z } from 'zod';
import { PageState, UrlPattern } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const waitForUrl = defineStep({
  ...reading,
  name: 'browser.waitForUrl',
  summary: 'Waits until the address is as given.',
  with: z.strictObject({ url: UrlPattern }),
  output: PageState,
  example: { url: '*/orders/*' },
});
