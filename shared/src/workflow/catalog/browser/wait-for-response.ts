import { z } from 'zod';
import { UrlPattern } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const waitForResponse = defineStep({
  ...reading,
  name: 'browser.waitForResponse',
  summary: 'Waits for an answer to a request of the page: one since the step before this one began, or the next.',
  with: z.strictObject({
    url: UrlPattern,
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    status: z.int().min(100).max(599).optional().describe('Only an answer with this status counts.'),
    read: z.enum(['nothing', 'text', 'json']).optional().describe('What to take of the body; nothing when absent.'),
  }),
  output: z.strictObject({
    url: z.string(),
    method: z.string(),
    status: z.int(),
    body: z.json().describe('The text or the value that was asked for, else `null`.'),
  }),
  example: { url: '*/api/orders*', method: 'POST', status: 201, read: 'json' },
});
