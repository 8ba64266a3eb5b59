/**
 * SQL statements as values: a name by intent, the text, the parameters, and the type of the rows it returns.
 *
 * Invariants: a name belongs to one text for the whole process (PostgreSQL prepares it once per connection under that
 * name); parameters travel apart from the text, never spliced into it.
 */

declare const ROW: unique symbol;

/** One call of a statement. A JSON array for a `jsonb` parameter must be passed as text: a list becomes an SQL array. */
export interface Statement<Row = unknown> {
  /** By intent, e.g. `leaseNext`; at most 63 characters. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** True: running it twice is as good as once, so it is repeated when its connection breaks. */
  readonly idempotent?: boolean;
  /** Only for the compiler: what a row looks like. */
  readonly [ROW]?: Row;
}

/** Says how a statement behaves when a connection breaks. */
export interface StatementOptions {
  readonly idempotent?: boolean;
}

/**
 * Declares a statement once and returns a function of its values:
 * `const leaseNext = sql<LeaseRow, [routes: string[], limit: number]>('leaseNext', 'select ...')`, then
 * `db.query(leaseNext(routes, 10))` gives `LeaseRow[]`.
 */
export function sql<Row = unknown, Values extends readonly unknown[] = readonly unknown[]>(
  name: string,
  text: string,
  options: StatementOptions = {},
): (...values: Values) => Statement<Row> {
  claimName(name, text);
  return (...values) => ({ name, text, values, ...options });
}

/** Which way a list runs: `order` for its ORDER BY; `beyond` compares a row's key with where the page begins. */
export interface Way {
  readonly order: 'ASC' | 'DESC';
  readonly beyond: '>' | '<';
}

/**
 * A statement of a list that runs both ways: `listPeople(ascending)(tenant, after, limit)`. The one that runs up is named
 * `<name>Up`.
 */
export function listSql<Row = unknown, Values extends readonly unknown[] = readonly unknown[]>(
  name: string,
  text: (way: Way) => string,
): (ascending: boolean) => (...values: Values) => Statement<Row> {
  const down = sql<Row, Values>(name, text({ order: 'DESC', beyond: '<' }), { idempotent: true });
  const up = sql<Row, Values>(`${name}Up`, text({ order: 'ASC', beyond: '>' }), { idempotent: true });
  return (ascending) => (ascending ? up : down);
}

const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,62}$/;
const known = new Map<string, string>();

/** Bounded by the program's own source: one entry a declared statement. */
function claimName(name: string, text: string): void {
  if (!NAME.test(name)) throw new TypeError(`statement name ${JSON.stringify(name)} must be 1 to 63 letters or digits`);
  const other = known.get(name);
  if (other !== undefined && other !== text) throw new TypeError(`two different statements are named ${name}`);
  known.set(name, text);
}
