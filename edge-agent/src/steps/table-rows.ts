/** The rows of a table that a step is asked for, as objects by column header. */
import { TABLE_ROWS, type TableArguments, type TableRows } from '@casare/shared/workflow';
import { StepFailure } from '../engine/index.ts';

/** A table as text. */
export interface TextTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Only rows that `filter` fits, whitespace aside. @throws StepFailure COLUMN_UNKNOWN */
export function tableRows({ columns, rows }: TextTable, { target, filter, limit }: TableArguments): TableRows {
  const wanted = Object.entries(filter ?? {}).map(([column, value]) => ({
    at: columnAt(columns, column, target),
    value: normalised(String(value)),
  }));
  return rows
    .filter((row) => wanted.every(({ at, value }) => normalised(row[at] ?? '') === value))
    .slice(0, limit ?? TABLE_ROWS)
    .map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? ''])));
}

function columnAt(columns: readonly string[], column: string, target: string): number {
  const at = columns.indexOf(column);
  if (at !== -1) return at;
  throw new StepFailure({
    type: 'validation',
    code: 'COLUMN_UNKNOWN',
    title: 'The table has no such column',
    detail: `${target} has no column ${JSON.stringify(column)}; it has ${columns.map((name) => JSON.stringify(name)).join(', ')}`,
    certain: true,
  });
}

function normalised(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
