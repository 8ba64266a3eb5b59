import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const hash = defineStep({
  ...data,
  name: 'data.hash',
  summary: 'Computes the digest of a file or of a text (as utf-8).',
  with: z
    .strictObject({
      file: FileName.optional(),
      text: z.string().optional(),
      algorithm: z
        .enum(['sha256', 'sha384', 'sha512', 'sha1', 'md5'])
        .optional()
        .describe('`sha256` unless given. `sha1` and `md5` find mistakes, and no forgery.'),
      encoding: z.enum(['hex', 'base64']).optional().describe('`hex` unless given.'),
    })
    .refine(({ file, text }) => (file === undefined) !== (text === undefined), 'expected either `file` or `text`'),
  output: z.strictObject({ algorithm: z.string(), digest: z.string(), bytes: z.int().min(0) }),
  example: { file: 'invoices/INV-7.pdf' },
  defaultTimeoutMs: FILE_MS,
});
