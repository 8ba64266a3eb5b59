/** The steps of a run as rows of a time line: in the order of the document, one inside the other, attempt by attempt. Pure. */
import type { Step } from '@casare/shared/api';
import { stepTree, turnOf, type StepNode } from '../job/run-record.ts';

export interface Row {
  readonly key: string;
  readonly step: Step;
  readonly depth: number;
  readonly turn: ReturnType<typeof turnOf>;
  /** Begins another attempt than the row before. */
  readonly isFirstOfAttempt: boolean;
  /** When it began and ended, milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** When a run began and ended, milliseconds since the epoch; never of no length. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Rows beyond this are not shown. */
export const ROWS = 100_000;

/** The span of what is on record. */
export function spanOf(steps: readonly Step[], more: readonly (string | null)[]): Span {
  let [from, to] = [Infinity, -Infinity];
  const times = [...more, ...steps.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt])];
  for (const time of times) {
    if (time === null) continue;
    const at = Date.parse(time);
    if (at < from) from = at;
    if (at > to) to = at;
  }
  if (from === Infinity) return { from: 0, to: 1 };
  return { from, to: Math.max(to, from + 1) };
}

/** At most `ROWS` rows; a step without an end lasts until the end of the span. */
export function rowsOf(steps: readonly Step[], span: Span): readonly Row[] {
  const rows: Row[] = [];
  const add = (nodes: readonly StepNode[], outer: string, depth: number): void => {
    for (const { step, inner } of nodes) {
      if (rows.length >= ROWS) return;
      const from = Date.parse(step.startedAt);
      rows.push({
        ...{ key: `${step.attempt}:${step.seq}`, step, depth, turn: turnOf(step.position, outer), from },
        isFirstOfAttempt: rows.at(-1)?.step.attempt !== step.attempt,
        to: step.endedAt === null ? span.to : Math.max(from, Date.parse(step.endedAt)),
      });
      add(inner, step.position, depth + 1);
    }
  };
  for (const its of Map.groupBy(steps, ({ attempt }) => attempt).values()) add(stepTree(its), '', 0);
  return rows;
}

/** The row under way at a time: the one that began last. Null before the first. */
export function rowAt(rows: readonly Row[], time: number): Row | null {
  let found: Row | null = null;
  for (const row of rows) if (row.from <= time && (found === null || row.from >= found.from)) found = row;
  return found;
}

/** Rows that hold every word of the query, in any of what is known of their steps. */
export function matching(rows: readonly Row[], query: string, textOf: (row: Row) => string): readonly Row[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? rows : rows.filter((row) => words.every((word) => textOf(row).includes(word)));
}

/** What a search looks through, in lower case. Made once for each row. */
export function searchTexts(): (row: Row) => string {
  const made = new WeakMap<Row, string>();
  return (row) => {
    const known = made.get(row);
    if (known !== undefined) return known;
    const { name, call, task, position, state, input, output, error, seen } = row.step;
    const text = JSON.stringify([name, call, task, position, state, input, output, error, seen]).toLowerCase();
    made.set(row, text);
    return text;
  };
}
