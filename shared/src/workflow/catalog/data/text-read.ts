import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { FileName, ReadEncoding } from '../file-arguments.ts';
import { data, FILE_MS } from './family.ts';

export const textRead = defineStep({
  ...data,
  name: 'data.text.read',
  summary: 'Reads a text file of at most 256 KiB.',
  with: z.strictObject({ file: FileName, encoding: ReadEncoding }),
  output: z.string(),
  example: { file: 'letter.txt', encoding: 'windows-1252' },
  defaultTimeoutMs: FILE_MS,
});
