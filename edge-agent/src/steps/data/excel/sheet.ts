/** The cells of a sheet, row by row, as a stream: no row is held longer than it is needed. */
import type { Cell } from '@casare/shared/workflow';
import { localName } from '../xml-stream.ts';
import { type Area, areaOf, dateOf, LAST_COLUMN, LAST_ROW, placeOf, shifted, unescaped } from './cells.decision.ts';
import { type CellContext, tooLarge, type Workbook } from './workbook.ts';

/** Merged areas of one sheet. */
const MERGED = 100_000;

export interface SheetOptions {
  readonly area: Area;
  readonly formulas: 'results' | 'texts';
  readonly merged: 'first' | 'all';
}

/** The whole of a sheet. */
export const WHOLE: Area = { top: 1, left: 1, bottom: LAST_ROW, right: LAST_COLUMN };

/**
 * The rows of a sheet that have anything in them, each from the left of the area to its last cell.
 *
 * @throws StepFailure EXCEL_TOO_LARGE
 */
export async function* rowsOfSheet(
  workbook: Workbook,
  part: string,
  cells: CellContext,
  options: SheetOptions,
  signal: AbortSignal,
): AsyncGenerator<Cell[]> {
  const merged = options.merged === 'all' ? await mergedIn(workbook, part, signal) : [];
  const reader = new SheetReader(cells, options, merged);
  for await (const _ of workbook.tell(part, reader)) {
    signal.throwIfAborted();
    yield* reader.take();
    if (reader.isOver) return;
  }
}

/** They stand behind the cells, so they are read before in a pass of its own. */
async function mergedIn(workbook: Workbook, part: string, signal: AbortSignal): Promise<MergedArea[]> {
  const merged: MergedArea[] = [];
  const listener = {
    open: (name: string, { ref = '' }: Readonly<Record<string, string>>) => {
      const area = localName(name) === 'mergeCell' ? areaOf(ref) : null;
      if (area === null) return;
      if (merged.length >= MERGED) throw tooLarge(`it has more than ${MERGED} merged areas`);
      merged.push({ ...area, value: null });
    },
    close: () => undefined,
  };
  for await (const _ of workbook.tell(part, listener)) signal.throwIfAborted();
  return merged;
}

type MergedArea = Area & { value: Cell };

/** A cell while it is read. */
interface OpenCell {
  readonly row: number;
  readonly column: number;
  readonly type: string;
  readonly style: number;
  value: string;
  formula: string;
  shared: string | undefined;
  isFormula: boolean;
}

class SheetReader {
  /** True when nothing more of the area can follow. */
  isOver = false;
  readonly #cells: CellContext;
  readonly #options: SheetOptions;
  readonly #merged: readonly MergedArea[];
  readonly #formulas = new Map<string, { readonly text: string; readonly row: number; readonly column: number }>();
  #ready: Cell[][] = [];
  #rows = 0;
  #row = 0;
  #column = 0;
  #values: Cell[] = [];
  #cell: OpenCell | null = null;
  #into: 'value' | 'formula' | null = null;
  #isReading = false;

  constructor(cells: CellContext, options: SheetOptions, merged: readonly MergedArea[]) {
    this.#cells = cells;
    this.#options = options;
    this.#merged = merged;
  }

  /** The rows that are complete since the last call. */
  take(): Cell[][] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    switch (localName(name)) {
      case 'row':
        this.#openRow(attributes['r']);
        return;
      case 'c':
        this.#openCell(attributes);
        return;
      case 'v':
        this.#into = 'value';
        return;
      case 't':
        this.#into = this.#isReading ? null : 'value';
        return;
      case 'rPh':
        this.#isReading = true;
        return;
      case 'f':
        this.#into = 'formula';
        if (this.#cell === null) return;
        this.#cell.isFormula = true;
        this.#cell.shared = attributes['t'] === 'shared' ? attributes['si'] : undefined;
        return;
    }
  }

  text(text: string): void {
    if (this.#cell === null || this.#into === null) return;
    this.#cell[this.#into] += text;
  }

  close(name: string): void {
    this.#into = null;
    switch (localName(name)) {
      case 'rPh':
        this.#isReading = false;
        return;
      case 'c':
        this.#closeCell();
        return;
      case 'row':
        this.#closeRow();
        return;
    }
  }

  #openRow(reference: string | undefined): void {
    this.#rows += 1;
    if (this.#rows > LAST_ROW) throw tooLarge(`the sheet has more than ${LAST_ROW} rows`);
    this.#row = reference === undefined ? this.#row + 1 : Number(reference);
    this.#column = 0;
    this.#values = [];
    if (this.#row > this.#options.area.bottom) this.isOver = true;
  }

  #openCell(attributes: Readonly<Record<string, string>>): void {
    const place = placeOf(attributes['r'] ?? '') ?? { row: this.#row, column: this.#column + 1 };
    this.#column = place.column;
    this.#cell = {
      ...place,
      type: attributes['t'] ?? 'n',
      style: Number(attributes['s'] ?? 0),
      value: '',
      formula: '',
      shared: undefined,
      isFormula: false,
    };
  }

  #closeCell(): void {
    const cell = this.#cell;
    this.#cell = null;
    if (cell === null || this.#column > LAST_COLUMN) return;
    const value = cell.isFormula && this.#options.formulas === 'texts' ? this.#formulaOf(cell) : this.#valueOf(cell);
    this.#put(this.#column, value);
  }

  #closeRow(): void {
    for (const area of this.#merged) this.#fill(area);
    const { top, bottom } = this.#options.area;
    const last = this.#values.findLastIndex((value) => value != null);
    if (last === -1 || this.#row < top || this.#row > bottom) return;
    this.#ready.push(Array.from({ length: last + 1 }, (_, index) => this.#values[index] ?? null));
  }

  #put(column: number, value: Cell): void {
    const { left, right } = this.#options.area;
    if (column >= left && column <= right) this.#values[column - left] = value;
  }

  #fill(area: MergedArea): void {
    if (this.#row < area.top || this.#row > area.bottom) return;
    const { left } = this.#options.area;
    if (this.#row === area.top) area.value = this.#values[area.left - left] ?? null;
    for (let column = area.left; column <= area.right; column += 1) this.#put(column, area.value);
  }

  #valueOf({ type, value, style }: OpenCell): Cell {
    if (type === 'inlineStr' || type === 'str') return unescaped(value);
    if (value === '') return null;
    if (type === 's') return this.#cells.texts[Number(value)] ?? null;
    if (type === 'b') return value === '1';
    if (type === 'e' || type === 'd') return value;
    const number = Number(value);
    if (!Number.isFinite(number)) return value;
    return dateOf(number, this.#cells.formats[style] ?? 'number', this.#cells.since1904);
  }

  #formulaOf({ formula, shared, row, column }: OpenCell): Cell {
    if (shared === undefined) return `=${formula}`;
    if (formula !== '') {
      this.#formulas.set(shared, { text: formula, row, column });
      return `=${formula}`;
    }
    const first = this.#formulas.get(shared);
    return first === undefined ? null : `=${shifted(first.text, row - first.row, column - first.column)}`;
  }
}
