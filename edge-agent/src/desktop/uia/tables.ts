/**
 * Tables of UI Automation as text. A table gives its cells by Grid; where it does not, cells say themselves where they are
 * (GridItem). Headers are the table's, else those that the cells of the first row name (TableItem).
 */
import type { Com } from './com.ts';
import { NotSupported } from './faults.ts';
import type { Held } from './held.ts';
import { PATTERN, PROPERTY, SCOPE, VALUE } from './ids.ts';
import type { Patterns } from './patterns.ts';
import { requestOf } from './reader.ts';

const ELEMENT = 'IUIAutomationElement';
/** Cells that are read where each has to be looked for, and columns of a table. */
const [MOST_CELLS, MOST_COLUMNS] = [20_000, 1_000];
/** What is fetched with each cell: asked for one by one, each would be a call to the table's program. */
const OF_CELLS = [PROPERTY.name, VALUE, PROPERTY.hasGridItem, PROPERTY.gridRow, PROPERTY.gridColumn];

export interface Table {
  readonly columns: string[];
  readonly rows: string[][];
}

interface Shape {
  readonly width: number;
  readonly rows: string[][];
  readonly headers: readonly string[];
}

export class UiaTables {
  readonly #patterns: Patterns;
  readonly #com: Com;
  /** What is fetched with each cell, and the condition that every element meets. */
  readonly #request: bigint;
  readonly #all: bigint;

  constructor(patterns: Patterns, automation: bigint, all: bigint) {
    this.#patterns = patterns;
    this.#com = patterns.com;
    this.#request = requestOf(patterns.com, automation, OF_CELLS);
    this.#all = all;
  }

  /** At most `rows` rows from the beginning; null for what is no table. */
  table(held: Held, rows: number): Table | null {
    const found = this.#byGrid(held, rows) ?? this.#byCells(held, rows);
    if (found === null) return null;
    const headers = this.#headers(held);
    const named = headers.length > 0 ? headers : found.headers;
    const columns = Array.from({ length: found.width }, (_, column) => {
      const name = named[column] ?? '';
      return name === '' ? String(column + 1) : name;
    });
    return { columns, rows: found.rows };
  }

  #byGrid(held: Held, rows: number): Shape | null {
    const com = this.#com;
    return this.#patterns.read(held, PATTERN.grid, (grid) => {
      const count = Math.min(com.integer(grid, 'IUIAutomationGridPattern', 'get_CurrentRowCount'), rows);
      const width = Math.min(com.integer(grid, 'IUIAutomationGridPattern', 'get_CurrentColumnCount'), MOST_COLUMNS);
      const at = <T>(row: number, column: number, use: (cell: bigint) => T): T | null =>
        com.scope((own) => {
          const cell = own(com.object(grid, 'IUIAutomationGridPattern', 'GetItem', ['int32', 'int32'], row, column));
          return cell === null ? null : use(cell);
        });
      const cells = (row: number): string[] =>
        Array.from({ length: width }, (_, column) => at(row, column, (cell) => this.#fetched(cell)) ?? '');
      return {
        width,
        rows: Array.from({ length: Math.max(count, 0) }, (_, row) => cells(row)),
        headers:
          count < 1
            ? []
            : Array.from({ length: width }, (_, column) => at(0, column, (cell) => this.#headerOf(cell)) ?? ''),
      };
    });
  }

  /** Only of what has cells that know their place: anything else is no table. */
  #byCells(held: Held, rows: number): Shape | null {
    const { pointer } = held;
    if (pointer === null || !held.wire.roles.includes('table')) return null;
    const com = this.#com;
    const lines: (string[] | undefined)[] = [];
    const headers: string[] = [];
    com.scope((own) => {
      const types = ['int32', 'void *', 'void *'];
      const args = [SCOPE.descendants, this.#all, this.#request];
      const found = own(com.object(pointer, ELEMENT, 'FindAllBuildCache', types, ...args));
      const length = found === null ? 0 : com.integer(found, 'IUIAutomationElementArray', 'get_Length');
      for (let index = 0; found !== null && index < Math.min(length, MOST_CELLS); index += 1) {
        com.scope((each) => {
          const cell = each(com.object(found, 'IUIAutomationElementArray', 'GetElement', ['int32'], index));
          if (cell === null || this.#property(cell, PROPERTY.hasGridItem) !== true) return;
          const [row, column] = [PROPERTY.gridRow, PROPERTY.gridColumn].map((one) => Number(this.#property(cell, one)));
          if (!(row! >= 0 && row! < rows && column! >= 0 && column! < MOST_COLUMNS)) return;
          (lines[row!] ??= [])[column!] = this.#textOf(cell);
          if (row === 0) headers[column!] = this.#headerOf(cell);
        });
      }
    });
    if (lines.length === 0) return null;
    const width = Math.max(...Array.from(lines, (line) => line?.length ?? 0));
    const whole = (line: readonly string[] | undefined): string[] =>
      Array.from({ length: width }, (_, column) => line?.[column] ?? '');
    return { width, rows: Array.from(lines, whole), headers: whole(headers) };
  }

  /** What a cell holds that came alone: a grid gives its cells without their properties. */
  #fetched(bare: bigint): string {
    const com = this.#com;
    return com.scope((own) => {
      const cell = own(com.object(bare, ELEMENT, 'BuildUpdatedCache', ['void *'], this.#request));
      return cell === null ? '' : this.#textOf(cell);
    });
  }

  /** What a cell holds: grids that edit in place name a cell by its column and keep its text as value. */
  #textOf(cell: bigint): string {
    const value = this.#property(cell, VALUE);
    return typeof value === 'string' && value !== '' ? value : String(this.#property(cell, PROPERTY.name) ?? '');
  }

  #headers(held: Held): string[] {
    return this.#patterns.read(held, PATTERN.table, (table) => this.#names(table, 'IUIAutomationTablePattern')) ?? [];
  }

  #headerOf(cell: bigint): string {
    const names = this.#patterns.readOf(cell, PATTERN.tableItem, (item) =>
      this.#names(item, 'IUIAutomationTableItemPattern'),
    );
    return names?.join(' ') ?? '';
  }

  #names(pattern: bigint, where: 'IUIAutomationTablePattern' | 'IUIAutomationTableItemPattern'): string[] {
    const com = this.#com;
    return com.scope((own) => {
      const found =
        where === 'IUIAutomationTablePattern'
          ? com.object(pattern, where, 'GetCurrentColumnHeaders')
          : com.object(pattern, where, 'GetCurrentColumnHeaderItems');
      return this.#patterns.names(own(found));
    });
  }

  #property(element: bigint, property: number): unknown {
    try {
      return this.#com.value(element, ELEMENT, 'GetCachedPropertyValueEx', ['int32', 'int32'], property, 0);
    } catch (error) {
      if (error instanceof NotSupported) return null;
      throw error;
    }
  }
}
