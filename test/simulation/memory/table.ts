/**
 * A table in memory: rows by key, replaced and never changed, so that a snapshot is a list of what to put back. Rows of
 * one group (one job, mostly) are found without looking at the others: worlds may be large.
 */

/** What a transaction changed, newest last; each entry puts one row back. */
export type Undo = (() => void)[];

/** What a table needs of the others around it. */
export interface Around<Row> {
  /** The open transaction's list. */
  readonly undo: () => Undo | null;
  /** The group that a row is in. */
  readonly groupOf?: (row: Row) => string;
  /** A row was written, deleted or put back. */
  readonly touched?: (row: Row) => void;
}

export class Table<Row extends object> {
  readonly #rows = new Map<string, Row>();
  readonly #groups = new Map<string, Map<string, Row>>();
  readonly #keyOf: (row: Row) => string;
  readonly #around: Around<Row>;

  constructor(keyOf: (row: Row) => string, around: Around<Row>) {
    this.#keyOf = keyOf;
    this.#around = around;
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
    const found: Row[] = [];
    for (const row of this.#rows.values()) if (condition(row)) found.push(row);
    return found;
  }

  /** The rows of a group, in the order of insertion. */
  of(group: string): Row[] {
    return [...(this.#groups.get(group)?.values() ?? [])];
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
    this.#set(key, undefined, before);
    this.#around.undo()?.push(() => this.#set(key, before, before));
  }

  #put(key: string, row: Row): void {
    const before = this.#rows.get(key);
    this.#set(key, row, row);
    this.#around.undo()?.push(() => this.#set(key, before, row));
  }

  /** `seen`: the row itself, or the one that goes. */
  #set(key: string, row: Row | undefined, seen: Row): void {
    const { groupOf, touched } = this.#around;
    if (row === undefined) this.#rows.delete(key);
    else this.#rows.set(key, row);
    touched?.(seen);
    if (groupOf === undefined) return;
    const name = groupOf(seen);
    const group = this.#groups.get(name) ?? new Map<string, Row>();
    if (row === undefined) group.delete(key);
    else group.set(key, row);
    if (group.size === 0) this.#groups.delete(name);
    else this.#groups.set(name, group);
  }
}
