import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const windows = defineStep({
  ...reading,
  name: 'desktop.windows',
  summary: 'Lists the open windows of the run.',
  with: z.strictObject({}),
  output: z.array(
    z.strictObject({
      title: z.string(),
      application: z.string(),
      active: z.boolean().describe('It has the focus.'),
      selector: z.string().nullable().describe('Names it exactly; `null` when nothing tells it from another.'),
    }),
  ),
  example: {},
});
