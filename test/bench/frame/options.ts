/** What a bench is told. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** `small` shows that the bench works; its figures say nothing. */
  readonly size: 'full' | 'small';
  /** Instead of the size's own number of what the bench is about; for looking closer. */
  readonly count: number | null;
  /** The one contender to run, for looking closer: then there are no ratios and no goals. */
  readonly only: string | null;
  readonly rounds: number;
  /** Noisy rounds that are run again, in all. */
  readonly repeats: number;
  /** Keep the figures, and draw plot and tables of the documentation by them. */
  readonly plot: boolean;
  /** A line for a person who waits. */
  readonly progress: (line: string) => void;
}

/** Reads `<name> [--size full|small] [--count N] [--only NAME] [--rounds N] [--repeats N] [--plot]`; a text that says what is wrong. */
export function readArguments(args: readonly string[]): (Omit<BenchOptions, 'progress'> & { name: string }) | string {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return (error as Error).message;
  }
  const { size, count, only = null, rounds, repeats, plot } = parsed.values;
  const [name = '', ...more] = parsed.positionals;
  if (more.length > 0) return 'give one name';
  if (size !== 'full' && size !== 'small') return '--size is full or small';
  const wanted = size === 'full' ? { rounds: 5, repeats: 3 } : { rounds: 1, repeats: 0 };
  const counts = { rounds: Number(rounds ?? wanted.rounds), repeats: Number(repeats ?? wanted.repeats) };
  if (!isWithin(counts.rounds, 1, 20) || !isWithin(counts.repeats, 0, 20)) {
    return '--rounds and --repeats are numbers up to 20';
  }
  if (count !== undefined && !isWithin(Number(count), 1, 1_000_000)) return '--count is a number up to 1000000';
  if (plot && only !== null) return '--plot needs all contenders: leave --only out';
  return { name, size, count: count === undefined ? null : Number(count), only, plot, ...counts };
}

const OPTIONS = {
  size: { type: 'string', default: 'full' },
  count: { type: 'string' },
  only: { type: 'string' },
  rounds: { type: 'string' },
  repeats: { type: 'string' },
  plot: { type: 'boolean', default: false },
} as const;

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
