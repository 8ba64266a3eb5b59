/** A table in memory: rows by key, replaced and never changed, so that a snapshot is a list of what to put back. */

/** What a transaction changed, newest last; each entry puts one row back. */
export type Undo = (() => void)[];

export class Table<Row extends object> {
  readonly #rows = new Map<string, Row>();
  readonly #keyOf: (row: Row) => string;
  readonly #undo: () => Undo | null;

  /** `undo` gives the open transaction's list. */
  constructor(keyOf: (row: Row) => string, undo: () => Undo | null) {
    this.#keyOf = keyOf;
    this.#undo = undo;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(first: string, second?: string, third?: number, fourth?: number): Row | undefined {
    const key = second === undefined ? first : `${first} ${second}`;
    if (third === undefined) return this.#rows.get(key);
    return this.#rows.get(fourth === undefined ? `${key} ${third}` : `${key} ${third} ${fourth}`);
  }

  /** In the order of insertion. */
  all(): Row[] {
    return [...this.#rows.values()];
  }

  where(condition: (row: Row) => boolean): Row[] {
    return this.all().filter(condition);
  }

  /** False when the key is taken. */
  insert(row: Row): boolean {
    const key = this.#keyOf(row);
    if (this.#rows.has(key)) return false;
    this.#put(key, row);
    return true;
  }

  /** The row as it is now. */
  change(row: Row, change: Partial<Row>): Row {
    const changed = { ...row, ...change };
    this.#put(this.#keyOf(row), changed);
    return changed;
  }

  delete(row: Row): void {
    const key = this.#keyOf(row);
    const before = this.#rows.get(key);
    if (before === undefined) return;
    this.#rows.delete(key);
    this.#undo()?.push(() => this.#rows.set(key, before));
  }

  #put(key: string, row: Row): void {
    const before = this.#rows.get(key);
    this.#rows.set(key, row);
    this.#undo()?.push(() => (before === undefined ? this.#rows.delete(key) : this.#rows.set(key, before)));
  }
}
