/** What the marks of a workbook mean: references, formats of dates, serial numbers of days, shared formulas. */

/** The highest row and column of a sheet. */
export const LAST_ROW = 1_048_576;
export const LAST_COLUMN = 16_384;

/** Row and column from 1; `null` for what is no reference such as `AB12`. */
export function placeOf(reference: string): { row: number; column: number } | null {
  const match = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/.exec(reference);
  if (match === null) return null;
  const column = Array.from(match[1]!).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
  const row = Number(match[2]);
  return row >= 1 && row <= LAST_ROW && column <= LAST_COLUMN ? { row, column } : null;
}

/** A rectangle of cells, its corners among them. */
export interface Area {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** `A3:F200`, or a single cell; `null` for anything else. */
export function areaOf(range: string): Area | null {
  const [from, to] = range.split(':').map(placeOf);
  if (from == null || to === null) return null;
  const end = to ?? from;
  return {
    top: Math.min(from.row, end.row),
    left: Math.min(from.column, end.column),
    bottom: Math.max(from.row, end.row),
    right: Math.max(from.column, end.column),
  };
}

/** What a number format makes of a number. */
export type Shown = 'number' | 'date' | 'time';

/** Formats that every workbook has, by number (ECMA-376, 18.8.30), those of East Asia included. */
export function builtInFormat(id: number): Shown {
  if (id === 18 || id === 19 || id === 20 || id === 21 || (id >= 45 && id <= 47)) return 'time';
  if ((id >= 32 && id <= 35) || id === 55 || id === 56) return 'time';
  if ((id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58))
    return 'date';
  return 'number';
}

/** A format of the workbook's own, such as `dd.mm.yyyy` or `[h]:mm`. */
export function formatOf(code: string): Shown {
  const marks = code
    .split(';')[0]!
    .replaceAll(/"[^"]*"|\\.|_.|\*./g, '')
    .replaceAll(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
    .toLowerCase();
  if (/general/.test(marks)) return 'number';
  if (/[yd]/.test(marks)) return 'date';
  if (/h|s/.test(marks)) return 'time';
  return /m/.test(marks) ? 'date' : 'number';
}

const DAY_MS = 86_400_000;
/** 9999-12-31. */
const LAST_DAY = 2_958_465;

/** A serial number of days as ISO 8601; the number itself when it is none. */
export function dateOf(serial: number, shown: Shown, since1904: boolean): string | number {
  if (shown === 'number' || serial < 0 || serial > LAST_DAY) return serial;
  // Excel believes that 1900 had a 29th of February.
  const days = since1904 ? serial + 1_462 : serial < 60 ? serial + 1 : serial;
  const at = new Date(Date.UTC(1899, 11, 30) + Math.round(days * 86_400) * 1_000).toISOString();
  if (shown === 'time' && serial < 1) return at.slice(11, 19);
  if (shown === 'time') return at.slice(0, 19);
  return Math.round(days * DAY_MS) % DAY_MS === 0 ? at.slice(0, 10) : at.slice(0, 19);
}

/** A shared formula as it reads so many rows and columns further on. */
export function shifted(formula: string, rows: number, columns: number): string {
  return formula.replaceAll(
    /"(?:[^"]|"")*"|'(?:[^']|'')*'!|[A-Za-z_.][\w.]*\(|(\$?)\b([A-Z]{1,3})(\$?)(\d{1,7})\b/g,
    (whole: string, fixedColumn?: string, column?: string, fixedRow?: string, row?: string) => {
      if (column === undefined || row === undefined) return whole;
      const place = placeOf(`${column}${row}`);
      if (place === null) return whole;
      const newColumn = fixedColumn === '$' ? column : columnName(place.column + columns);
      const newRow = fixedRow === '$' ? row : String(place.row + rows);
      return `${fixedColumn ?? ''}${newColumn}${fixedRow ?? ''}${newRow}`;
    },
  );
}

function columnName(column: number): string {
  let name = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  }
  return name;
}

/** `_x000D_` stands for a character that XML cannot hold. */
export function unescaped(text: string): string {
  return text.includes('_x')
    ? text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    : text;
}
