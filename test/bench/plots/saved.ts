/**
 * The figures of a bench as they are kept beside the documentation: plots and tables are made of these alone, so that they
 * can be made again without measuring, and never say different things.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { rounded, type Outcome } from '../frame/report.ts';
import type { Spread } from '../frame/rounds.ts';
import { ROOT } from '../../support/program.ts';

const Figure = z.strictObject({ median: z.number(), least: z.number(), most: z.number() });

const Saved = z.strictObject({
  bench: z.string().regex(/^[a-z][a-z-]*$/),
  /** `full` is what goals are for; else `small`, or how many of what the bench is about. */
  size: z.string(),
  rounds: z.int().positive(),
  machine: z.string(),
  /** Of the programs that were measured or measured with, by name. */
  versions: z.record(z.string(), z.string()),
  /** The median share that foreign processes took, 0 to 1. */
  foreignCpu: z.number().min(0).max(1),
  /** By contender, then by the figure's name, in the order of the table. */
  figures: z.record(z.string(), z.record(z.string(), Figure)),
  ratios: z.record(z.string(), z.number()),
  /** Of ratios that were taken within each round. */
  ratioSpread: z.record(z.string(), z.tuple([z.number(), z.number()])).optional(),
  goals: z.array(
    z.strictObject({
      goal: z.string(),
      value: z.number(),
      limit: z.number(),
      met: z.boolean(),
      bound: z.enum(['at most', 'at least']),
    }),
  ),
  skipped: z.array(z.string()),
});
export type Saved = z.infer<typeof Saved>;
export type Figure = z.infer<typeof Figure>;

/** Where figures and plots are kept. */
export const FOLDER = path.join(ROOT, 'docs/performance');

/** What is kept of an outcome. Figures that are no numbers (a ratio to nothing) are left out. */
export function savedOf(
  { bench, rounds, foreignCpu, figures, spread, ratios, ratioSpread, goals, skipped }: Outcome,
  of: Pick<Saved, 'size' | 'machine' | 'versions'>,
): Saved {
  const kept = Object.entries(figures).map(([contender, values]) => {
    const all = Object.entries(values).map(([name, value]): [string, Figure] => {
      const [least, most] = spread[contender]![name]!;
      return [name, { median: rounded(value), least: rounded(least), most: rounded(most) }];
    });
    return [contender, Object.fromEntries(all.filter(([, { median }]) => Number.isFinite(median)))] as const;
  });
  const finite = Object.entries(ratios).filter(([, ratio]) => Number.isFinite(ratio));
  return {
    ...{ bench, ...of, rounds, foreignCpu: Number(foreignCpu.toFixed(3)) },
    figures: Object.fromEntries(kept),
    ratios: Object.fromEntries(finite.map(([name, ratio]) => [name, rounded(ratio)])),
    ...(ratioSpread === undefined ? {} : { ratioSpread: roundedSpread(ratioSpread) }),
    goals: goals.filter(({ value }) => Number.isFinite(value)).map((goal) => ({ ...goal })),
    skipped: [...skipped],
  };
}

function roundedSpread(spread: Spread): Record<string, [number, number]> {
  const finite = Object.entries(spread).filter(([, [least, most]]) => Number.isFinite(most - least));
  return Object.fromEntries(finite.map(([name, [least, most]]) => [name, [rounded(least), rounded(most)]]));
}

export async function save(saved: Saved, folder = FOLDER): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${saved.bench}.json`), `${JSON.stringify(Saved.parse(saved), null, 2)}\n`);
}

/** The kept figures of `bench`; null when it was never kept. */
export async function load(bench: string, folder = FOLDER): Promise<Saved | null> {
  const file = path.join(folder, `${bench}.json`);
  return existsSync(file) ? Saved.parse(JSON.parse(await readFile(file, 'utf8'))) : null;
}
