/** `data.csv.read`: rows of a CSV file, read as a stream. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { DATA_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { openFile } from '../run-files.ts';
import { delimiterOf } from './csv-delimiter.decision.ts';
import { decode } from './encoding.ts';
import { takeRows } from './rows.ts';

/** The longest record, characters: a quote that is never closed must not take the rest of the file as one cell. */
const RECORD_LENGTH = 1_048_576;

export const csvReadStep: Step = executor(DATA_STEPS.csvRead, async (args, context) => {
  await using file = await openFile(context, args.file);
  const quote = args.quote ?? '"';
  return await takeRows(context, records(decode(file.pieces(), args.encoding), quote, args.delimiter), args);
});

async function* records(
  text: AsyncGenerator<string>,
  quote: string,
  delimiter: string | undefined,
): AsyncGenerator<string[]> {
  const first = await text.next();
  if (first.done === true) return;
  const parser = parse({
    delimiter: delimiter ?? delimiterOf(first.value, quote),
    quote,
    max_record_size: RECORD_LENGTH,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const feeding = pipeline(Readable.from(andThen(first.value, text)), parser);
  // What goes wrong there is thrown by the reading below, unless nobody reads any more.
  feeding.catch(() => undefined);
  try {
    for await (const record of parser as AsyncIterable<string[]>) yield record;
  } catch (error) {
    throw explained(error);
  }
}

async function* andThen(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

function explained(error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  const { code, message, lines } = error as CsvError & { readonly lines?: number };
  const tooLarge = code === 'CSV_MAX_RECORD_SIZE';
  return new StepFailure({
    type: 'validation',
    ...(tooLarge ? { status: 413 } : {}),
    code: tooLarge ? 'CSV_RECORD_TOO_LARGE' : 'CSV_BROKEN',
    title: tooLarge ? 'A record of the file is too large' : 'The file is no CSV',
    detail: tooLarge
      ? `The record that ends at line ${lines ?? '?'} is longer than ${RECORD_LENGTH} characters: is a quote not closed, or \`quote\` another one?`
      : `${message.replace(/, (?:got|value is) .*$/s, '').slice(0, 300)}: check \`delimiter\` and \`quote\`.`,
    certain: true,
  });
}
