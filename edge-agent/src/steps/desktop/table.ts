/** `desktop.table`: a table as objects keyed by column header. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { desktopStep } from './step.ts';

/** Rows that are read of one table; `limit` cannot raise it. */
const MAX_ROWS = 10_000;

/** Fails with NOT_A_TABLE, or COLUMN_UNKNOWN when `filter` names a column that the table does not have. */
export const tableStep: Step = desktopStep(DESKTOP_STEPS.table, async ({ target, filter, limit }, scope) => {
  const { element } = await locateOne(scope, target);
  const read = filter === undefined ? (limit ?? MAX_ROWS) : MAX_ROWS;
  const table = await scope.driver.elements.table(element, read);
  if (table === null) throw failure('NOT_A_TABLE', 'The element is not a table', `${target} has no rows and columns`);
  const { columns, rows } = table;
  const wanted = Object.entries(filter ?? {}).map(([column, value]) => {
    const at = columns.indexOf(column);
    if (at !== -1) return { at, value: normalised(String(value)) };
    const names = columns.map((name) => JSON.stringify(name)).join(', ');
    const why = `${target} has no column ${JSON.stringify(column)}; it has ${names}`;
    throw failure('COLUMN_UNKNOWN', 'The table has no such column', why);
  });
  return rows
    .filter((row) => wanted.every(({ at, value }) => normalised(row[at] ?? '') === value))
    .slice(0, limit ?? MAX_ROWS)
    .map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? ''])));
});

function normalised(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function failure(code: string, title: string, detail: string): StepFailure {
  return new StepFailure({ type: 'validation', code, title, detail, certain: true });
}
