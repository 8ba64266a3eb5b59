/**
 * Tables: which rows of a source are taken, where they go, and rows that come from a file of an earlier step.
 *
 * Bounds: rows that are put out are as many bytes as a step's output may have; rows that are stored are never held
 * together.
 */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OUTPUT_BYTES } from '@casare/shared/protocol';
import { type Cell, Row, type RowsRead } from '@casare/shared/workflow';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { openFile, storeFile } from '../run-files.ts';
import { decode } from './encoding.ts';

/** Kept of an output for the names of columns and what stands around the rows, bytes. */
const OUTPUT_RESERVE = 16_384;
/** The longest line of a file of rows, characters. */
const LINE_LENGTH = 4_194_304;

/** What a document wants of a table; see `RowChoice` of the catalogue. */
export interface RowsWanted {
  readonly header?: boolean | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly skip?: number | undefined;
  readonly limit?: number | undefined;
  readonly saveAs?: string | undefined;
}

/**
 * Takes the wanted rows of a table and ends its source early when there are enough.
 *
 * @throws StepFailure ROWS_TOO_LARGE, COLUMN_MISSING, ROW_TOO_LONG
 */
export async function takeRows(
  context: StepContext,
  table: AsyncIterable<readonly Cell[]>,
  wanted: RowsWanted,
): Promise<RowsRead> {
  const taken: Taken = { columns: [], count: 0, more: false };
  const chosen = choose(table, wanted, taken);
  if (wanted.saveAs !== undefined) {
    const file = await storeFile(context, {
      saveAs: wanted.saveAs,
      kind: 'output',
      mediaType: 'application/jsonl',
      write: (path) =>
        pipeline(Readable.from(lines(chosen)), createWriteStream(path, { mode: 0o600 }), { signal: context.signal }),
    });
    return { ...taken, rows: [], file };
  }
  const rows: Row[] = [];
  let bytes = OUTPUT_RESERVE;
  for await (const row of chosen) {
    context.signal.throwIfAborted();
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
    if (bytes > OUTPUT_BYTES) throw tooLarge(rows.length);
    rows.push(row);
  }
  return { ...taken, rows };
}

/**
 * The rows that a step is given: `rows` itself, or those of the file of JSON lines that `rowsFrom` names.
 *
 * @throws StepFailure ROWS_BROKEN
 */
export async function* rowsOf(
  context: StepContext,
  given: { readonly rows?: readonly Row[] | undefined; readonly rowsFrom?: string | undefined },
): AsyncGenerator<Row> {
  if (given.rowsFrom === undefined) {
    yield* given.rows ?? [];
    return;
  }
  let number = 0;
  for await (const line of linesOf(context, given.rowsFrom)) {
    number += 1;
    if (line.trim() !== '') yield rowIn(line, number);
  }
}

/** What has been found out while rows were taken. */
interface Taken {
  columns: string[];
  count: number;
  more: boolean;
}

async function* choose(
  table: AsyncIterable<readonly Cell[]>,
  { header = true, columns, skip = 0, limit = Infinity }: RowsWanted,
  taken: Taken,
): AsyncGenerator<Row> {
  if (!header && columns !== undefined) throw withoutHeader();
  let places: readonly number[] = [];
  let names: readonly string[] | undefined;
  let seen = 0;
  for await (const cells of table) {
    if (header && names === undefined) {
      names = namesOf(cells);
      places = placesOf(names, columns);
      taken.columns = places.map((place) => names?.[place] ?? '');
      continue;
    }
    seen += 1;
    if (names !== undefined && cells.length > names.length) throw tooLong(seen, cells.length, names.length);
    if (seen <= skip) continue;
    if (taken.count >= limit) {
      taken.more = true;
      return;
    }
    taken.count += 1;
    yield names === undefined ? [...cells] : rowBy(taken.columns, places, cells);
  }
}

/** Names that are missing or there already are made unique: `column 3`, `Total (2)`. JSON's readers drop `__proto__`. */
function namesOf(cells: readonly Cell[]): string[] {
  const used = new Set<string>();
  return cells.map((cell, index) => {
    const said = String(cell ?? '').trim();
    const name = said === '' || said === '__proto__' ? `column ${index + 1}` : said;
    let unique = name;
    for (let count = 2; used.has(unique); count += 1) unique = `${name} (${count})`;
    used.add(unique);
    return unique;
  });
}

function placesOf(names: readonly string[], wanted: readonly string[] | undefined): number[] {
  if (wanted === undefined) return names.map((_, index) => index);
  return wanted.map((name) => {
    const place = names.indexOf(name);
    if (place === -1) throw missingColumn(name, names);
    return place;
  });
}

function rowBy(columns: readonly string[], places: readonly number[], cells: readonly Cell[]): Row {
  return Object.fromEntries(columns.map((name, index) => [name, cells[places[index] ?? 0] ?? null]));
}

async function* lines(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

async function* linesOf(context: StepContext, name: string): AsyncGenerator<string> {
  await using file = await openFile(context, name);
  let rest = '';
  for await (const text of decode(file.pieces())) {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > LINE_LENGTH) throw broken(`a line is longer than ${LINE_LENGTH} characters`);
    yield* parts;
  }
  if (rest !== '') yield rest;
}

function rowIn(line: string, number: number): Row {
  try {
    return Row.parse(JSON.parse(line));
  } catch {
    throw broken(`line ${number} is no JSON object or list of plain values`);
  }
}

function broken(why: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'ROWS_BROKEN',
    title: 'The file does not hold rows',
    detail: `${why}: give a file of JSON lines, as steps store with \`saveAs\`.`,
    certain: true,
  });
}

function tooLarge(rows: number): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'ROWS_TOO_LARGE',
    title: 'The rows are larger than a step may put out',
    detail: `After ${rows} rows they are larger than ${OUTPUT_BYTES} bytes: take fewer by \`limit\` and \`skip\`, fewer \`columns\`, or store them with \`saveAs\`.`,
    certain: true,
  });
}

function missingColumn(name: string, names: readonly string[]): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'COLUMN_MISSING',
    title: 'The table has no such column',
    detail: `There is no column ${JSON.stringify(name)}; there are ${names
      .slice(0, 50)
      .map((one) => JSON.stringify(one))
      .join(', ')}.`,
    certain: true,
  });
}

function withoutHeader(): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'COLUMNS_WITHOUT_HEADER',
    title: 'Columns have no names here',
    detail: '`columns` names columns, and `header: false` says that the table names none: leave one of them out.',
    certain: true,
  });
}

function tooLong(row: number, cells: number, names: number): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'ROW_TOO_LONG',
    title: 'A row has more cells than there are columns',
    detail: `Row ${row} has ${cells} cells, the header names ${names} columns: check the delimiter, or read with \`header: false\`.`,
    certain: true,
  });
}
