/** The executors of the data steps. */
import type { Step } from '../../engine/index.ts';
import { csvReadStep } from './csv-read.ts';
import { csvWriteStep } from './csv-write.ts';
import { datetimeStep } from './datetime.ts';
import { hashStep } from './hash.ts';
import { jsonReadStep } from './json-read.ts';
import { jsonWriteStep } from './json-write.ts';
import { templateStep } from './template.ts';
import { textReadStep } from './text-read.ts';
import { textWriteStep } from './text-write.ts';

export const DATA: readonly Step[] = [
  csvReadStep,
  csvWriteStep,
  jsonReadStep,
  jsonWriteStep,
  textReadStep,
  textWriteStep,
  templateStep,
  hashStep,
  datetimeStep(),
];
