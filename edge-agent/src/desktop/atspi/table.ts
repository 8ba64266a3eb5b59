/** The Table interface: a table as text, and the cells that show of one that has more than anybody reads. */
import type { DesktopTable } from '../desktop-driver.ts';
import { type AccessibilityBus, NotSupported, type ObjectRef } from './accessibility-bus.ts';
import { SCREEN, statesOf } from './constants.ts';
import { isGone, refOf } from './element.ts';

/** A spreadsheet has 16,384 columns: of a table with more than this, the first are read. */
const MAX_COLUMNS = 256;
/** Cells that are read of one table. */
const MAX_CELLS = 50_000;
/** Cells under way at once. */
const AT_ONCE = 100;
/** From the edge of a table to the inside of its first and last cell, pixels. */
const INSIDE = 5;

/** Reads at most `rows` rows; empty rows and columns at the end are left out of tables that have more than can be read. */
export async function readTable(bus: AccessibilityBus, table: ObjectRef, rows: number): Promise<DesktopTable> {
  const facts = await bus.all(table, 'Table');
  const all = { rows: Number(facts['NRows'] ?? 0), columns: Number(facts['NColumns'] ?? 0) };
  const width = Math.min(all.columns, MAX_COLUMNS);
  const height = Math.min(all.rows, rows, Math.floor(MAX_CELLS / Math.max(width, 1)));
  const columns = await Promise.all(Array.from({ length: width }, (_, column) => headerOf(bus, table, column)));
  const cells: string[][] = [];
  const places = Array.from({ length: width * height }, (_, at): [number, number] => [
    Math.floor(at / width),
    at % width,
  ]);
  for (let from = 0; from < places.length; from += AT_ONCE) {
    const some = places.slice(from, from + AT_ONCE);
    const texts = await Promise.all(some.map(([row, column]) => cellText(bus, table, row, column)));
    for (const [index, [row, column]] of some.entries()) (cells[row] ??= [])[column] = texts[index] ?? '';
    // The rest of a spreadsheet is empty: whole rows of nothing end it.
    const last = some.at(-1)?.[0] ?? 0;
    if (all.columns > MAX_COLUMNS && last >= 2 && cells.slice(-2).every((row) => row.every((text) => text === '')))
      break;
  }
  const trimmed = all.columns > MAX_COLUMNS ? trim(cells) : { rows: cells, width };
  return { columns: columns.slice(0, trimmed.width), rows: trimmed.rows.map((row) => row.slice(0, trimmed.width)) };
}

function trim(cells: string[][]): { rows: string[][]; width: number } {
  const width = Math.max(0, ...cells.map((row) => row.findLastIndex((text) => text !== '') + 1));
  const height = cells.findLastIndex((row) => row.some((text) => text !== '')) + 1;
  return { rows: cells.slice(0, height), width };
}

async function headerOf(bus: AccessibilityBus, table: ObjectRef, column: number): Promise<string> {
  const place = [['i', column]] as const;
  const [described] = (await orNull(bus.call(table, 'Table', 'GetColumnDescription', place))) ?? [];
  if (typeof described === 'string' && described !== '') return described;
  const [raw] = (await orNull(bus.call(table, 'Table', 'GetColumnHeader', place))) ?? [];
  const header = refOf(raw);
  const name = header === null ? '' : String((await orNull(bus.get(header, 'Accessible', 'Name'))) ?? '');
  return name === '' ? String(column + 1) : name;
}

async function cellText(bus: AccessibilityBus, table: ObjectRef, row: number, column: number): Promise<string> {
  const [raw] =
    (await orNull(
      bus.call(table, 'Table', 'GetAccessibleAt', [
        ['i', row],
        ['i', column],
      ]),
    )) ?? [];
  const cell = refOf(raw);
  if (cell === null) return '';
  const [text] =
    (await orNull(
      bus.call(cell, 'Text', 'GetText', [
        ['i', 0],
        ['i', -1],
      ]),
    )) ?? [];
  if (typeof text === 'string') return text;
  const name = String((await orNull(bus.get(cell, 'Accessible', 'Name'))) ?? '');
  if (name !== '') return name;
  const [states] = (await orNull(bus.call(cell, 'Accessible', 'GetState'))) ?? [];
  const has = statesOf(Array.isArray(states) ? states.map(Number) : [], 'table cell');
  return has.has('checkable') ? String(has.has('checked')) : '';
}

/** The cells between the corners of what shows of a table, by rows. */
export async function showingCells(bus: AccessibilityBus, table: ObjectRef, most: number): Promise<ObjectRef[]> {
  const [extents] = await bus.call(table, 'Component', 'GetExtents', [['u', SCREEN]]);
  const [x = 0, y = 0, width = 0, height = 0] = (extents as number[]).map(Number);
  const first = await placeAt(bus, table, x + INSIDE, y + INSIDE);
  const last = await placeAt(bus, table, x + width - INSIDE, y + height - INSIDE);
  if (first === null || last === null) return [];
  const across = Math.max(last.column - first.column + 1, 1);
  const down = Math.min(Math.max(last.row - first.row + 1, 1), Math.floor(most / across));
  const places = Array.from({ length: across * Math.max(down, 0) }, (_, at): [number, number] => {
    return [first.row + Math.floor(at / across), first.column + (at % across)];
  });
  const cells: ObjectRef[] = [];
  for (let from = 0; from < places.length; from += AT_ONCE) {
    const asked = places.slice(from, from + AT_ONCE).map(([row, column]) =>
      bus.call(table, 'Table', 'GetAccessibleAt', [
        ['i', row],
        ['i', column],
      ]),
    );
    for (const [raw] of await Promise.all(asked)) {
      const cell = refOf(raw);
      if (cell !== null) cells.push(cell);
    }
  }
  return cells;
}

async function placeAt(bus: AccessibilityBus, table: ObjectRef, x: number, y: number) {
  const args = [
    ['i', x],
    ['i', y],
    ['u', SCREEN],
  ] as const;
  const [raw] = (await orNull(bus.call(table, 'Component', 'GetAccessibleAtPoint', args))) ?? [];
  const cell = refOf(raw);
  if (cell === null) return null;
  const [index] = await bus.call(cell, 'Accessible', 'GetIndexInParent');
  const at = [['i', Number(index)]] as const;
  const [[row], [column]] = await Promise.all([
    bus.call(table, 'Table', 'GetRowAtIndex', at),
    bus.call(table, 'Table', 'GetColumnAtIndex', at),
  ]);
  return { row: Number(row), column: Number(column) };
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NotSupported || isGone(error)) return null;
    throw error;
  }
}
