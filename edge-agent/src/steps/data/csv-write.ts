/** `data.csv.write`: rows as a CSV file of the run. Texts that a spreadsheet would run as formulas are disarmed. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { type Cell, DATA_STEPS, type Encoding } from '@casare/shared/workflow';
import type { Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { storeFile } from '../run-files.ts';
import { byteOrderMark, encode } from './encoding.ts';
import { disarmed } from './formula.decision.ts';
import { rowsOf } from './rows.ts';
import { refuseSecrets } from './secret-content.ts';
import { inColumns } from './written-columns.ts';

export const csvWriteStep: Step = executor(DATA_STEPS.csvWrite, async (args, context) => {
  refuseSecrets(context);
  const { encoding = 'utf-8', formulas = 'disarm' } = args;
  const writer = stringify({
    delimiter: args.delimiter ?? ',',
    record_delimiter: args.newline === 'lf' ? 'unix' : 'windows',
  });
  const text = (cell: Cell) => (formulas === 'keep' || typeof cell !== 'string' ? String(cell ?? '') : disarmed(cell));
  async function* cells(): AsyncGenerator<string[]> {
    const { columns, rows } = await inColumns(rowsOf(context, args), args.columns);
    if (args.header !== false && columns !== null) yield columns.map(text);
    for await (const row of rows) yield row.map(text);
  }
  async function* bytes(written: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
    if (args.byteOrderMark === true) yield byteOrderMark(encoding);
    for await (const piece of written) yield encode(String(piece), encoding satisfies Encoding);
  }
  return storeFile(context, {
    saveAs: args.saveAs,
    kind: 'output',
    mediaType: 'text/csv',
    write: (path) =>
      pipeline(Readable.from(cells()), writer, bytes, createWriteStream(path, { mode: 0o600 }), {
        signal: context.signal,
      }),
  });
});
