import { z } from 'zod';
import { SaveAs, StoredFile } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { Encoding } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const textWrite = defineStep({
  ...data,
  name: 'data.text.write',
  summary: 'Stores a text as a file; a file of the same name is replaced.',
  with: z.strictObject({
    text: z.string(),
    saveAs: SaveAs,
    encoding: Encoding.optional().describe('utf-8 unless given. A character that it cannot store fails the step.'),
    byteOrderMark: z
      .boolean()
      .optional()
      .describe('Begins the file with a byte order mark (utf-8 and utf-16): false unless given.'),
    newline: z.enum(['lf', 'crlf']).optional().describe('Makes all line ends the same; as they are unless given.'),
  }),
  output: StoredFile,
  example: { text: '${ .letter }', saveAs: 'letter.txt', newline: 'crlf' },
  defaultTimeoutMs: FILE_MS,
});
