import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

/** An open tab. */
const Tab = z.strictObject({
  index: z.int().min(1).describe('From 1, in the order in which they were opened.'),
  url: z.string(),
  title: z.string(),
  current: z.boolean().describe('Whether the other steps act in it.'),
});

export const tabList = defineStep({
  ...reading,
  name: 'browser.tab.list',
  summary: 'Lists the open tabs.',
  with: z.strictObject({}),
  output: z.array(Tab),
  example: {},
});
