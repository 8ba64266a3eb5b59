/** The data steps, in the order the docs list them. */
import { csvRead } from './csv-read.ts';
import { csvWrite } from './csv-write.ts';
import { datetime } from './datetime.ts';
import { hash } from './hash.ts';
import { jsonRead } from './json-read.ts';
import { jsonWrite } from './json-write.ts';
import { template } from './template.ts';
import { textRead } from './text-read.ts';
import { textWrite } from './text-write.ts';

export const DATA_STEPS = {
  csvRead,
  csvWrite,
  jsonRead,
  jsonWrite,
  textRead,
  textWrite,
  template,
  hash,
  datetime,
} as const;
