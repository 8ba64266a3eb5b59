import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { data } from './family.ts';

export const template = defineStep({
  ...data,
  name: 'data.template',
  summary:
    'Fills a Mustache template: `{{name}}`, `{{a.b}}`, `{{#list}}…{{/list}}`, `{{^none}}…{{/none}}`. Templates hold no code and no partials.',
  with: z
    .strictObject({
      template: z.string().max(262_144).optional(),
      templateFrom: FileName.optional().describe('In place of `template`: a text file that holds it.'),
      values: z.record(z.string(), z.unknown()).describe('What the names stand for.'),
      escape: z
        .enum(['none', 'html'])
        .optional()
        .describe(
          'What `{{name}}` does to values: nothing unless given; `html` for web pages and mails. `{{{name}}}` never does anything.',
        ),
      missing: z
        .enum(['fail', 'empty'])
        .optional()
        .describe('What a name without a value does: it fails the step unless given.'),
      saveAs: SaveAs.optional().describe('Stores the text as a file in place of putting it out.'),
    })
    .refine(
      (given) => (given.template === undefined) !== (given.templateFrom === undefined),
      'expected either `template` or `templateFrom`',
    ),
  output: z.union([z.string(), StoredFile]).describe('The text, or with `saveAs` the stored file.'),
  example: { template: 'Dear {{name}},\n{{#orders}}- {{number}}\n{{/orders}}', values: '${ .customer }' },
});
