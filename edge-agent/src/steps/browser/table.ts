/**
 * `browser.table`: a table as objects keyed by column header. It is read until two readings agree.
 */
import type { Locator } from 'playwright-core';
import { BROWSER_STEPS, TABLE_ROWS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { ask } from './ask.ts';
import type { PageTable } from './in-page.ts';
import { locateOne } from './locate.ts';
import { settled } from './settled.ts';
import { browserStep, type BrowserScope } from './step.ts';
import { tableRows } from '../table-rows.ts';

/** Fails with NOT_A_TABLE, or COLUMN_UNKNOWN when `filter` names a column that the table does not have. */
export const tableStep: Step = browserStep(BROWSER_STEPS.table, async (args, scope) =>
  tableRows(await settledTable(scope, await locateOne(scope, args.target), args.target), args),
);

/** A page that shows more rows at once than `TABLE_ROWS` is read in part. */
function settledTable(scope: BrowserScope, locator: Locator, target: string): Promise<PageTable> {
  const read = async (): Promise<PageTable> => {
    const { answer } = await ask(scope, locator, 'table', TABLE_ROWS);
    if (answer === null) throw notATable(target);
    return answer;
  };
  return settled(scope, read, ({ rows }) => rows.length === 0);
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
