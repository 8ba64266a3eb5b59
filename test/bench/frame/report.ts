/** What a bench says at its end: a table for people, and as its last line one JSON object for programs. */
import { percent, type Figures, type RoundsResult, type Spread } from './rounds.ts';

/** A goal and whether it was met. */
export interface Goal {
  readonly goal: string;
  readonly value: number;
  readonly limit: number;
  readonly met: boolean;
  /** Which side of the limit is good. */
  readonly bound: 'at most' | 'at least';
}

/** The outcome of a bench. */
export interface Outcome extends Omit<RoundsResult, 'each'> {
  readonly bench: string;
  /** Ours to the peer's. */
  readonly ratios: Figures;
  /** The least and the most of ratios that were taken within each round; none of the others. */
  readonly ratioSpread?: Spread;
  readonly goals: readonly Goal[];
  /** Parts that were not run, each with its reason. */
  readonly skipped: readonly string[];
}

/** A goal that is met up to and including its limit. */
export function atMost(goal: string, value: number, limit: number): Goal {
  return { goal, value: rounded(value), limit, met: value <= limit, bound: 'at most' };
}

/** A goal that is met from its limit on. */
export function atLeast(goal: string, value: number, limit: number): Goal {
  return { goal, value: rounded(value), limit, met: value >= limit, bound: 'at least' };
}

/** Prints everything through `print`, the JSON object last. */
export function report(outcome: Outcome, print: (line: string) => void): void {
  const names = Object.keys(outcome.figures);
  const rows = [...new Set(names.flatMap((name) => Object.keys(outcome.figures[name]!)))];
  const cells = [
    [outcome.bench, ...names],
    ...rows.map((row) => [row, ...names.map((name) => shown(outcome.figures[name]![row]))]),
  ];
  for (const line of table(cells)) print(line);
  for (const [name, ratio] of Object.entries(outcome.ratios)) {
    const range = outcome.ratioSpread?.[name];
    const whiskers = range === undefined || outcome.rounds === 1 ? '' : ` (${shown(range[0])} to ${shown(range[1])})`;
    print(`ratio ${name}: ${shown(ratio)}${whiskers}`);
  }
  for (const { goal, value, limit, met, bound } of outcome.goals) {
    print(`${met ? 'met   ' : 'MISSED'} ${goal}: ${shown(value)} (${bound} ${limit})`);
  }
  for (const part of outcome.skipped) print(`SKIPPED ${part}`);
  print(`foreign processes: ${percent(outcome.foreignCpu)} of the machine`);
  const { bench, figures, ratios, foreignCpu, skipped } = outcome;
  const goals = outcome.goals.map(({ goal, value, limit, met }) => ({ goal, value, limit, met }));
  print(JSON.stringify({ bench, figures, ratios, goals, foreignCpu, skipped }, (_, value: unknown) => numbers(value)));
}

function table(cells: readonly (readonly string[])[]): string[] {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]! + 2)))
      .join(''),
  );
}

export function shown(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '-' : String(rounded(value));
}

/** To what a person reads: three figures, whole numbers from 1,000 on. */
export function rounded(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(3));
}

function numbers(value: unknown): unknown {
  return typeof value === 'number' && Number.isFinite(value) ? rounded(value) : value;
}
