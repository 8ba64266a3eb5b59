/** The executors of the data steps. */
import type { Step } from '../../engine/index.ts';
import { csvReadStep } from './csv-read.ts';
import { csvWriteStep } from './csv-write.ts';
import { datetimeStep } from './datetime.ts';
import { excelReadStep } from './excel-read.ts';
import { excelWriteStep } from './excel-write.ts';
import { hashStep } from './hash.ts';
import { jsonReadStep } from './json-read.ts';
import { jsonWriteStep } from './json-write.ts';
import { pdfTextStep } from './pdf-text.ts';
import { templateStep } from './template.ts';
import { textReadStep } from './text-read.ts';
import { textWriteStep } from './text-write.ts';
import { xmlReadStep } from './xml-read.ts';

export const DATA: readonly Step[] = [
  csvReadStep,
  csvWriteStep,
  excelReadStep,
  excelWriteStep,
  jsonReadStep,
  jsonWriteStep,
  xmlReadStep,
  textReadStep,
  textWriteStep,
  pdfTextStep,
  templateStep,
  hashStep,
  datetimeStep(),
];
