/** A database that notes what each statement answered, in a form in which PostgreSQL and memory can be compared. */
import type { Database, Queryable, Statement, Transaction } from '../../control-plane/src/platform/database/index.ts';

/** One answer: the statement's name with its rows, or with how many it wrote. */
export type Answer = readonly [name: string, answer: unknown];

/** Statements that sort a part only, or by times that here are hardly apart. */
const UNORDERED = new Set([
  ...['promoteDue', 'holdReady', 'silentLeases', 'leasesOfThese', 'unaccepted', 'lockHeld', 'overdueLeases'],
]);

/** Notes every answer in `answers`. */
export function recording(db: Database, answers: Answer[]): Database {
  const on = (inner: Queryable): Queryable => ({
    async query<Row>(statement: Statement<Row>) {
      const rows = await inner.query(statement);
      const comparable = rows.map(comparableRow);
      const isOrdered = statement.text.includes('ORDER BY') && !UNORDERED.has(statement.name);
      answers.push([statement.name, isOrdered ? comparable : sorted(comparable)]);
      return rows;
    },
    async execute(statement) {
      const count = await inner.execute(statement);
      answers.push([statement.name, count]);
      return count;
    },
  });
  return {
    ...db,
    ...on(db),
    transaction: (work, options) =>
      db.transaction((tx): ReturnType<typeof work> => {
        const noted: Transaction = { ...tx, ...on(tx) };
        return work(noted);
      }, options),
  };
}

/** Times are compared by whether there is one, silence by whether it is over. */
export function comparableRow(row: unknown): Record<string, unknown> {
  const entries = Object.entries(row as Record<string, unknown>).map(([name, value]): [string, unknown] => {
    if (value instanceof Date) return [name, 'a time'];
    // Transactions of the server, of which memory has none.
    if (name === 'head' && value !== null) return [name, { ...value, oldest: 'a number', next: 'a number' }];
    return [name, /^(silent|left|job_left)_ms$/.test(name) && value !== null ? Number(value) > 0 : value];
  });
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Rows in an order that depends on nothing but themselves: not on the order of a JSON value's members either. */
export function sorted(rows: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const keyed = rows.map((row) => ({ row, key: JSON.stringify(canonical(row)) }));
  return keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ row }) => row);
}

function canonical(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [name, canonical(member)]);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
