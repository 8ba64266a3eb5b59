import { z } from 'zod';
import { Expectation, PageState, UrlPattern } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const tabSwitch = defineStep({
  ...reading,
  name: 'browser.tab.switch',
  summary: 'Goes on in another tab: the one tab that fits what is given.',
  with: z
    .strictObject({
      index: z.int().min(1).max(1_000).optional().describe('From 1, in the order in which they were opened.'),
      url: UrlPattern.optional().describe('Its address (`*` for any characters).'),
      title: z.string().min(1).max(1_000).optional().describe('Its title (`*` for any characters).'),
      expect: Expectation.optional(),
    })
    .refine(
      ({ index, url, title }) => index !== undefined || url !== undefined || title !== undefined,
      'expected at least one of `index`, `url`, `title`',
    ),
  output: PageState,
  example: { title: 'Invoice *' },
});
