/** What a value becomes in a cell of a workbook. A text stays a text: only a column of formulas makes formulas. */
import type { Cell, ExcelColumn } from '@casare/shared/workflow';

export type WrittenCell =
  | { readonly type: 'text' | 'formula'; readonly value: string }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Milliseconds since 1970, of the clock time as if it were UTC: a workbook knows no zones. */
  | { readonly type: 'date'; readonly value: number; readonly hasTime: boolean }
  | { readonly fault: string };

/** What Excel holds in a cell, characters. */
const TEXT_LENGTH = 32_767;
const FORMULA_LENGTH = 8_192;

/** `null` for an empty cell. */
export function writtenCell(cell: Cell, type: ExcelColumn['type']): WrittenCell | null {
  if (cell === null) return null;
  if (cell === '' && type !== 'text' && type !== undefined) return null;
  switch (type) {
    case undefined:
      return typeof cell === 'string' ? textCell(cell) : natural(cell);
    case 'text':
      return textCell(String(cell));
    case 'number':
      return numberCell(cell);
    case 'boolean':
      return booleanCell(cell);
    case 'date':
      return dateCell(cell);
    case 'formula':
      return formulaCell(cell);
  }
}

function natural(cell: number | boolean): WrittenCell {
  return typeof cell === 'number' ? { type: 'number', value: cell } : { type: 'boolean', value: cell };
}

function textCell(text: string): WrittenCell {
  if (text.length > TEXT_LENGTH)
    return { fault: `Excel holds ${TEXT_LENGTH} characters in a cell, and there are ${text.length}` };
  return { type: 'text', value: escaped(text) };
}

function numberCell(cell: Cell): WrittenCell {
  const value =
    typeof cell === 'number' ? cell : /^\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/.test(String(cell)) ? Number(cell) : NaN;
  return Number.isFinite(value) ? { type: 'number', value } : { fault: `${shown(cell)} is no number` };
}

function booleanCell(cell: Cell): WrittenCell {
  const text = String(cell).toLowerCase();
  return text === 'true' || text === 'false'
    ? { type: 'boolean', value: text === 'true' }
    : { fault: `${shown(cell)} is neither true nor false` };
}

function dateCell(cell: Cell): WrittenCell {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:Z|[+-]\d{2}:?\d{2})?)?$/.exec(
    String(cell),
  );
  const [, day = '', time] = match ?? [];
  const value = Date.parse(`${day}T${time ?? '00:00'}Z`);
  // 2026-02-31 would become a day of March.
  if (Number.isNaN(value) || new Date(value).toISOString().slice(0, 10) !== day) {
    return { fault: `${shown(cell)} is no ISO 8601 date such as 2026-05-01 or 2026-05-01T13:45:00` };
  }
  return { type: 'date', value, hasTime: time !== undefined };
}

function formulaCell(cell: Cell): WrittenCell {
  const value = String(cell).replace(/^=/, '');
  if (value.length > FORMULA_LENGTH) return { fault: `Excel holds formulas of ${FORMULA_LENGTH} characters` };
  return { type: 'formula', value };
}

/** Characters that XML cannot hold, and what looks like one that is escaped already. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/_x(?=[0-9A-Fa-f]{4}_)/g, '_x005F_x')
    .replaceAll(
      /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g,
      (one) => `_x${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    );
}

function shown(cell: Cell): string {
  return JSON.stringify(cell).slice(0, 100);
}
