/**
 * `browser.table`: a table as objects keyed by column header. It is read until two readings agree.
 */
import type { Locator } from 'playwright-core';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { ask } from './ask.ts';
import { tableOf, type PageTable } from './in-page.ts';
import { locateOne } from './locate.ts';
import { settled } from './settled.ts';
import { browserStep, type BrowserScope } from './step.ts';

/** A page that shows more rows at once than this is read in part; `limit` cannot raise it. */
const MAX_ROWS = 10_000;

/** Fails with NOT_A_TABLE, or COLUMN_UNKNOWN when `filter` names a column that the table does not have. */
export const tableStep: Step = browserStep(BROWSER_STEPS.table, async ({ target, filter, limit }, scope) => {
  const { columns, rows } = await settledTable(scope, await locateOne(scope, target), target);
  const wanted = Object.entries(filter ?? {}).map(([column, value]) => ({
    at: columnAt(columns, column, target),
    value: normalised(String(value)),
  }));
  return rows
    .filter((row) => wanted.every(({ at, value }) => (row[at] ?? '') === value))
    .slice(0, limit ?? MAX_ROWS)
    .map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? ''])));
});

function settledTable(scope: BrowserScope, locator: Locator, target: string): Promise<PageTable> {
  const read = async (): Promise<PageTable> => {
    const table = await ask(locator, tableOf, MAX_ROWS);
    if (table === null) throw notATable(target);
    return table;
  };
  return settled(scope, read, ({ rows }) => rows.length === 0);
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

function notATable(target: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'NOT_A_TABLE',
    title: 'The element is not a table',
    detail: `${target} is neither a table nor a grid: name the table itself`,
    certain: true,
  });
}
