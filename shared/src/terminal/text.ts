/**
 * Text for terminals: tables for people, JSON for programs. What comes from somewhere else is written literally: control
 * characters of names and messages never reach a terminal.
 */

/** Text with control characters written as escapes, on one line. */
export function plain(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (char) =>
    char === '\n' ? ' ' : escaped(char),
  );
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A column: its heading, and a row's cell. */
export type Column<T> = readonly [heading: string, cell: (row: T) => string | number | null | undefined];

/** Rows as aligned columns, with headings. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const lines = [columns.map(([heading]) => heading), ...rows.map((row) => columns.map(([, cell]) => text(cell(row))))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, at) => cell.padEnd(widths[at]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Names and values below each other. */
export function details(pairs: readonly (readonly [string, string | number | null | undefined])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${text(value)}\n`).join('');
}

/** JSON on one line, or indented; JSON itself leaves some control characters as they are. */
export function json(value: unknown, indent = 2): string {
  return `${JSON.stringify(value, null, indent).replaceAll(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, escaped)}\n`;
}

/** `1.2 s`, `3 min 20 s` */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

function text(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : plain(String(value));
}
