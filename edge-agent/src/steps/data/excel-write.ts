/**
 * `data.excel.write`: rows as an Excel workbook of the run. The library holds a workbook as a whole, so its cells are
 * bounded; it would leave out characters that XML cannot hold, so they are escaped as Excel does.
 */
import writeWorkbook, { type SheetData } from 'write-excel-file/node';
import { type Cell, DATA_STEPS, type ExcelColumn } from '@casare/shared/workflow';
import { StepFailure, type Step, type StepContext } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { mediaTypeOf } from '../media-type.ts';
import { storeFile } from '../run-files.ts';
import { type WrittenCell, writtenCell } from './excel/written-cell.decision.ts';
import { LAST_ROW } from './excel/cells.decision.ts';
import { rowsOf } from './rows.ts';
import { refuseSecrets } from './secret-content.ts';
import { inColumns } from './written-columns.ts';

/** Of all sheets together. */
const CELLS = 2_000_000;

type Sheet = Parameters<typeof rowsOf>[1] & {
  readonly name: string;
  readonly columns?: readonly ExcelColumn[] | undefined;
  readonly header?: boolean | undefined;
};

export const excelWriteStep: Step = executor(DATA_STEPS.excelWrite, async ({ saveAs, sheets }, context) => {
  refuseSecrets(context);
  const names = new Set(sheets.map(({ name }) => name.toLowerCase()));
  if (names.size !== sheets.length) throw doubled();
  const written: Awaited<ReturnType<typeof sheetOf>>[] = [];
  const room = { cells: CELLS };
  for (const sheet of sheets) written.push(await sheetOf(context, sheet, room));
  return storeFile(context, {
    saveAs,
    kind: 'output',
    mediaType: mediaTypeOf(undefined, saveAs),
    write: (path) => writeWorkbook(written).toFile(path),
  });
});

async function sheetOf(context: StepContext, sheet: Sheet, room: { cells: number }) {
  const given = sheet.columns?.map(({ name }) => name);
  const { columns, rows } = await inColumns(rowsOf(context, sheet), given);
  const about = sheet.columns ?? columns?.map((name): ExcelColumn => ({ name })) ?? [];
  const data: SheetData = [];
  if (sheet.header !== false && about.length > 0) {
    data.push(about.map(({ name, title }) => ({ value: title ?? name, type: String, fontWeight: 'bold' as const })));
  }
  for await (const row of rows) {
    context.signal.throwIfAborted();
    room.cells -= row.length;
    if (room.cells < 0 || data.length >= LAST_ROW) throw tooLarge();
    data.push(row.map((cell, index) => cellOf(cell, about[index], data.length + 1)));
  }
  return { sheet: sheet.name, data, columns: about.map(({ width }) => (width === undefined ? {} : { width })) };
}

function cellOf(cell: Cell, column: ExcelColumn | undefined, row: number): SheetData[number][number] {
  const written = writtenCell(cell, column?.type);
  if (written === null) return null;
  if ('fault' in written) throw notOfType(row, column?.name ?? '', written.fault);
  return { ...forLibrary(written), ...formatOf(written, column) };
}

function forLibrary(written: Exclude<WrittenCell, { fault: string }>) {
  switch (written.type) {
    case 'text':
      return { value: written.value, type: String };
    case 'number':
      return { value: written.value, type: Number };
    case 'boolean':
      return { value: written.value, type: Boolean };
    case 'date':
      return { value: new Date(written.value), type: Date };
    case 'formula':
      return { value: written.value, type: 'Formula' as const };
  }
}

/** Only dates need one, or they would be shown as numbers. */
function formatOf(
  written: Exclude<WrittenCell, { fault: string }>,
  column: ExcelColumn | undefined,
): { format?: string } {
  if (column?.format !== undefined) return { format: column.format };
  if (written.type !== 'date') return {};
  return { format: written.hasTime ? 'yyyy-mm-dd hh:mm:ss' : 'yyyy-mm-dd' };
}

function notOfType(row: number, column: string, fault: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'CELL_REFUSED',
    title: 'A value cannot be written into its cell',
    detail: `Row ${row}, column ${JSON.stringify(column)}: ${fault}.`,
    certain: true,
  });
}

function tooLarge(): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'EXCEL_TOO_LARGE',
    title: 'The workbook would be too large',
    detail: `It would have more than ${CELLS} cells or ${LAST_ROW} rows in a sheet: write several, or CSV.`,
    certain: true,
  });
}

function doubled(): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'SHEET_NAME_DOUBLED',
    title: 'Two sheets have one name',
    detail: 'Excel does not tell upper and lower case apart in names of sheets: give each another name.',
    certain: true,
  });
}
