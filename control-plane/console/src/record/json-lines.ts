/** JSON lines as a table: a column for each member that the lines have, in the order in which they are met. Pure. */

export interface Lines {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines that are not shown. */
  readonly more: number;
}

const ROWS = 1_000;
const COLUMNS = 12;
const CELL_CHARS = 2_000;

/** Null when the text is no list of JSON objects. */
export function jsonLines(text: string): Lines | null {
  const all = text.split('\n').filter((line) => line.trim() !== '');
  const objects = all.slice(0, ROWS).map(objectOf);
  if (objects.length === 0 || objects.includes(null)) return null;
  const found = objects as Readonly<Record<string, unknown>>[];
  const columns = [...new Set(found.flatMap((object) => Object.keys(object)))].slice(0, COLUMNS);
  const rows = found.map((object) => columns.map((name) => cellOf(object[name])));
  return { columns, rows, more: all.length - objects.length };
}

function objectOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function cellOf(value: unknown): string {
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > CELL_CHARS ? `${text.slice(0, CELL_CHARS)}…` : text;
}
