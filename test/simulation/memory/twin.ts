/** The twin of a statement: the same answer from tables in memory. */
import type { Tables } from './rows.ts';

/** Where a statement runs. */
export interface Moment {
  readonly tables: Tables;
  /** `clock_timestamp()`, milliseconds. */
  readonly now: number;
}

/** The rows that the statement returns or, without RETURNING, one entry for each row that it wrote. */
export type Twin = (moment: Moment, values: readonly unknown[]) => readonly unknown[];

/** Declares a twin by the values that the statement takes. */
export function twin<Values extends readonly unknown[]>(
  run: (moment: Moment, ...values: Values) => readonly unknown[],
): Twin {
  return (moment, values) => run(moment, ...(values as Values));
}

/** A column of time as the driver gives it. */
export function date(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

/** A time that came as text or as a date. */
export function ms(value: Date | string | null | undefined): number | null {
  return value === null || value === undefined ? null : new Date(value).getTime();
}

/** JSON text as a column keeps it; NULL stays NULL. */
export function json(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

/** `ORDER BY` these columns. */
export function by<Row>(...columns: ((row: Row) => string | number)[]): (one: Row, other: Row) => number {
  return (one, other) => {
    for (const column of columns) {
      const [a, b] = [column(one), column(other)];
      if (a !== b) return a < b ? -1 : 1;
    }
    return 0;
  };
}
