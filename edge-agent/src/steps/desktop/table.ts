/** `desktop.table`: a table as objects keyed by column header. */
import { DESKTOP_STEPS, TABLE_ROWS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { desktopStep } from './step.ts';
import { tableRows } from '../table-rows.ts';

/** Fails with NOT_A_TABLE, or COLUMN_UNKNOWN when `filter` names a column that the table does not have. */
export const tableStep: Step = desktopStep(DESKTOP_STEPS.table, async (args, scope) => {
  const { target, filter, limit } = args;
  const { element } = await locateOne(scope, target);
  const table = await scope.driver.elements.table(element, filter === undefined ? (limit ?? TABLE_ROWS) : TABLE_ROWS);
  if (table !== null) return tableRows(table, args);
  throw new StepFailure({
    type: 'validation',
    code: 'NOT_A_TABLE',
    title: 'The element is not a table',
    detail: `${target} has no rows and columns: name the table itself`,
    certain: true,
  });
});
