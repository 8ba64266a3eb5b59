import { defineStep } from '../define-step.ts';
import { TableArguments, TableRows } from '../table-arguments.ts';
import { reading } from './family.ts';

export const table = defineStep({
  ...reading,
  name: 'browser.table',
  summary: 'Reads a table as a list of objects, one a row, keyed by column header.',
  with: TableArguments,
  output: TableRows,
  example: { target: 'table "Invoices"', filter: { Status: 'open' }, limit: 50 },
});
