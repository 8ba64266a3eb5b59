import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const xmlRead = defineStep({
  ...data,
  name: 'data.xml.read',
  summary:
    'Reads an XML file of at most 16 MiB as objects: an element with attributes or elements becomes an object (attributes with `@` before their name, its text as `#text`), another one a text. External entities are never fetched.',
  with: z.strictObject({
    file: FileName,
    at: z
      .string()
      .max(1_000)
      .optional()
      .describe('The element that is wanted: the names on the way to it, from the root, such as `Invoice/Lines`.'),
    lists: z
      .array(z.string().min(1).max(200))
      .max(100)
      .optional()
      .describe('Names of elements that become a list also when there is only one of them.'),
    prefixes: z.enum(['keep', 'drop']).optional().describe('Prefixes of namespaces in names: `drop` unless given.'),
  }),
  output: z.json(),
  example: { file: 'invoice.xml', at: 'Invoice', lists: ['Line'] },
  defaultTimeoutMs: FILE_MS,
});
