/** The data steps, in the order the docs list them. */
import { csvRead } from './csv-read.ts';
import { csvWrite } from './csv-write.ts';
import { datetime } from './datetime.ts';
import { excelRead } from './excel-read.ts';
import { excelWrite } from './excel-write.ts';
import { hash } from './hash.ts';
import { jsonRead } from './json-read.ts';
import { jsonWrite } from './json-write.ts';
import { pdfText } from './pdf-text.ts';
import { template } from './template.ts';
import { textRead } from './text-read.ts';
import { textWrite } from './text-write.ts';
import { xmlRead } from './xml-read.ts';

export const DATA_STEPS = {
  csvRead,
  csvWrite,
  excelRead,
  excelWrite,
  jsonRead,
  jsonWrite,
  xmlRead,
  textRead,
  textWrite,
  pdfText,
  template,
  hash,
  datetime,
} as const;
