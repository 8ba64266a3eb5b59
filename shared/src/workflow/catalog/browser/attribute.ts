import { z } from 'zod';
import { Target } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const attribute = defineStep({
  ...reading,
  name: 'browser.attribute',
  summary: 'Reads an attribute of an element; `null` when it has none of that name.',
  with: z.strictObject({ target: Target, name: z.string().min(1).max(200) }),
  output: z.string().nullable(),
  example: { target: 'link "Terms"', name: 'href' },
});
