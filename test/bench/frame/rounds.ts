/**
 * Rounds: every contender once in each, in turn (A-B-C-A-B-C), so that what the machine does meanwhile meets all of
 * them. A round during which foreign processes took more than a tenth of the machine is run again, a bounded number
 * of times; what is still noisy then counts, and its share is reported.
 */
import { CpuWatch, foreignShare } from './cpu.ts';

/** What one contender measured in one round, by name. */
export type Figures = Readonly<Record<string, number>>;

/** Us, or a peer. */
export interface Contender {
  readonly name: string;
  /** Runs once; bounded in count and time by itself. */
  readonly run: () => Promise<Figures>;
}

export interface RoundOptions {
  readonly rounds: number;
  /** Noisy rounds that are run again, in all. */
  readonly repeats: number;
  /** Roots of this bench's processes, asked for at each look. */
  readonly ownProcesses: () => readonly number[];
  /** Told of each round, for a person who waits. */
  readonly onRound: (line: string) => void;
}

export interface RoundsResult {
  /** Medians by contender. */
  readonly figures: Readonly<Record<string, Figures>>;
  /** The least and the most of the rounds, by contender. */
  readonly spread: Readonly<Record<string, Spread>>;
  /** What was measured in each round that counts, by contender. */
  readonly each: Readonly<Record<string, readonly Figures[]>>;
  /** Rounds that count. */
  readonly rounds: number;
  /** The median share of the machine that foreign processes took, 0 to 1. */
  readonly foreignCpu: number;
}

/** The least and the most of a figure, by its name. */
export type Spread = Readonly<Record<string, readonly [least: number, most: number]>>;

/** Above this share a round says little. */
const NOISY = 0.1;

/** Runs the rounds. */
export async function runRounds(contenders: readonly Contender[], options: RoundOptions): Promise<RoundsResult> {
  const cpu = new CpuWatch(options.ownProcesses);
  try {
    return await watched(contenders, options, cpu);
  } finally {
    cpu.stop();
  }
}

async function watched(contenders: readonly Contender[], options: RoundOptions, cpu: CpuWatch): Promise<RoundsResult> {
  const measured = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]));
  const shares: number[] = [];
  let repeats = options.repeats;
  for (let round = 1; round <= options.rounds;) {
    const before = cpu.sample();
    const results: [string, Figures][] = [];
    for (const { name, run } of contenders) results.push([name, await run()]);
    const share = foreignShare(before, cpu.sample());
    const again = share > NOISY && repeats > 0;
    options.onRound(
      `round ${round} of ${options.rounds}: ${percent(share)} foreign${again ? ', too noisy: again' : ''}`,
    );
    if (again) {
      repeats -= 1;
      continue;
    }
    shares.push(share);
    for (const [name, figures] of results) measured.get(name)!.push(figures);
    round += 1;
  }
  const figures = Object.fromEntries([...measured].map(([name, all]) => [name, medians(all)]));
  const spread = Object.fromEntries([...measured].map(([name, all]) => [name, spreads(all)]));
  const each = Object.fromEntries(measured);
  return { figures, spread, each, rounds: options.rounds, foreignCpu: median(shares) };
}

/** The middle value; of an even number the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** A figure of a contender. */
type FigureOf = readonly [contender: string, figure: string];

/**
 * Ratios of one figure to another, each taken within a round and then as a median: a machine whose speed drifts from round to
 * round slows both.
 */
export function ratiosWithin(
  each: RoundsResult['each'],
  ratios: Readonly<Record<string, readonly [over: FigureOf, under: FigureOf]>>,
): { readonly ratios: Figures; readonly ratioSpread: Spread } {
  const of = ([contender, figure]: FigureOf): number[] => each[contender]!.map((figures) => figures[figure]!);
  const columns = Object.entries(ratios).map(([name, [over, under]]) => {
    const below = of(under);
    return [name, of(over).map((value, round) => value / below[round]!)] as const;
  });
  return {
    ratios: Object.fromEntries(columns.map(([name, values]) => [name, median(values)])),
    ratioSpread: Object.fromEntries(
      columns.map(([name, values]) => [name, [Math.min(...values), Math.max(...values)]]),
    ),
  };
}

/** The value below which `share` of them lie. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function medians(all: readonly Figures[]): Figures {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(all.map((figures) => figures[name]!))]));
}

function spreads(all: readonly Figures[]): Spread {
  const names = Object.keys(all[0] ?? {});
  const of = (name: string) => all.map((figures) => figures[name]!);
  return Object.fromEntries(names.map((name) => [name, [Math.min(...of(name)), Math.max(...of(name))]]));
}
