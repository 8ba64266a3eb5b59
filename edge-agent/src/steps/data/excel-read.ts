/** `data.excel.read`: rows of a sheet. */
import { DATA_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { openFile } from '../run-files.ts';
import { areaOf } from './excel/cells.decision.ts';
import { rowsOfSheet, WHOLE } from './excel/sheet.ts';
import { type SheetOf, Workbook, WORKBOOK_BYTES } from './excel/workbook.ts';
import { takeRows } from './rows.ts';

export const excelReadStep: Step = executor(DATA_STEPS.excelRead, async (args, context) => {
  const { signal } = context;
  await using file = await openFile(context, args.file, WORKBOOK_BYTES);
  const workbook = await Workbook.open(file);
  const { sheets, since1904 } = await workbook.sheets(signal);
  const { part } = chosen(sheets, args.sheet ?? 1);
  const cells = await workbook.cellContext(signal, since1904);
  const options = {
    area: (args.range === undefined ? null : areaOf(args.range)) ?? WHOLE,
    formulas: args.formulas ?? 'results',
    merged: args.merged ?? 'first',
  } as const;
  return await takeRows(context, rowsOfSheet(workbook, part, cells, options, signal), args);
});

function chosen(sheets: readonly SheetOf[], wanted: string | number): SheetOf {
  const sheet = typeof wanted === 'number' ? sheets[wanted - 1] : sheets.find(({ name }) => name === wanted);
  if (sheet !== undefined) return sheet;
  throw new StepFailure({
    type: 'validation',
    code: 'SHEET_MISSING',
    title: 'The workbook has no such sheet',
    detail:
      sheets.length === 0
        ? 'It has no sheets: is it an Excel workbook?'
        : `There is no sheet ${JSON.stringify(wanted)}; there are ${sheets
            .slice(0, 50)
            .map(({ name }) => JSON.stringify(name))
            .join(', ')}.`,
    certain: true,
  });
}
