/** The benches whose goals are about our own claim: each figure is ours, at two sizes or two moments. */
import path from 'node:path';
import { withDatabase } from '../../../control-plane/dist/platform/database/connection.js';
import { sql } from '../../../control-plane/dist/platform/database/index.js';
import { startPart, type Part } from '../frame/child.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Goal, type Outcome } from '../frame/report.ts';
import { runRounds, type Figures } from '../frame/rounds.ts';
import { openBenchScene } from '../frame/scene.ts';
import type { OursQuestions } from './part.ts';

type Measure = (part: Part<OursQuestions>, databaseUrl: string) => Promise<Figures>;

/** `mismatch`: what jobs that the worker cannot run cost it. */
export function mismatch(options: BenchOptions): Promise<Outcome> {
  const full = options.size === 'full';
  const others = full ? [0, 100_000, 1_000_000] : [0, 2_000, 10_000];
  const jobs = full ? 1_000 : 200;
  const contenders = others.map((count): [string, Measure] => [
    `behind ${count}`,
    async (part, databaseUrl) => ({
      'claim p50 ms': await part.ask('mismatch', { databaseUrl, others: count, sets: 200, jobs }),
    }),
  ]);
  const [none, , most] = contenders.map(([name]) => name);
  return runOurs('mismatch', options, contenders, (figures) => {
    const ratio = figures[most!]!['claim p50 ms']! / figures[none!]!['claim p50 ms']!;
    return {
      ratios: { 'most to none': ratio },
      goals: [
        atMost('claim p50 behind 1M jobs of others, ms', figures[most!]!['claim p50 ms']!, 1),
        atMost('claim p50, 1M to none', ratio, 1.3),
      ],
    };
  });
}

/** `snapshot`: claims while a transaction that sees an old snapshot stays open. */
export function snapshot(options: BenchOptions): Promise<Outcome> {
  const jobs = options.count ?? (options.size === 'full' ? 200_000 : 2_000);
  const measure: Measure = async (part, databaseUrl) => {
    const tenths = await part.ask('snapshot', { databaseUrl, jobs });
    const named = tenths.map((p50, at): [string, number] => [`claim p50 ms, tenth ${at + 1}`, p50]);
    return { ...Object.fromEntries(named), 'last to first': tenths.at(-1)! / tenths[0]! };
  };
  return runOurs('snapshot', options, [['casare', measure]], ({ casare }) => ({
    ratios: { 'last to first': casare!['last to first']! },
    goals: [atMost('claim p50, last tenth to first', casare!['last to first']!, 1.3)],
  }));
}

/** `fairness`: a small tenant's single job beside a large tenant's backlog. */
export function fairness(options: BenchOptions): Promise<Outcome> {
  const full = options.size === 'full';
  const backlog = options.count ?? (full ? 1_000_000 : 10_000);
  const measure: Measure = async (part, databaseUrl) => {
    const { idle, pending, draining, drained } = await part.ask('fairness', {
      ...{ databaseUrl, backlog, probes: full ? 500 : 30 },
    });
    return {
      ...{ 'idle p50 ms': idle.p50, 'idle p99 ms': idle.p99 },
      ...{ 'pending p50 ms': pending.p50, 'pending p99 ms': pending.p99 },
      ...{ 'draining p50 ms': draining.p50, 'draining p99 ms': draining.p99, 'jobs drained meanwhile': drained },
    };
  };
  return runOurs('fairness', options, [['casare', measure]], ({ casare }) => {
    const ratio = casare!['pending p99 ms']! / casare!['idle p99 ms']!;
    return {
      ratios: { 'p99 pending to idle': ratio },
      goals: [
        atMost('p99 behind a pending backlog, to idle', ratio, 2),
        atMost('p99 while the backlog drains, ms', casare!['draining p99 ms']!, 50),
      ],
    };
  });
}

let databases = 0;

async function runOurs(
  bench: string,
  options: BenchOptions,
  contenders: readonly [string, Measure][],
  judge: (figures: Readonly<Record<string, Figures>>) => { ratios: Figures; goals: readonly Goal[] },
): Promise<Outcome> {
  await using scene = await openBenchScene();
  const run = (name: string, measure: Measure) => async (): Promise<Figures> => {
    await using stack = new AsyncDisposableStack();
    const database = `ours_${++databases}`;
    await scene.db.execute(sql(`oursCreate${databases}`, `CREATE DATABASE ${database}`)());
    const dropped = sql(`oursDrop${databases}`, `DROP DATABASE ${database} WITH (FORCE)`);
    stack.defer(async () => void (await scene.db.execute(dropped())));
    const part = startPart<OursQuestions>(new URL('part.ts', import.meta.url), {
      log: path.join(scene.home, 'parts.log'),
      nodeFlags: (process.env.CASARE_BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean),
    });
    stack.defer(() => part.end());
    const figures = await measure(part, withDatabase(scene.db.url, database));
    options.progress(`${name}: ${JSON.stringify(figures)}`);
    return figures;
  };
  const result = await runRounds(
    contenders.map(([name, measure]) => ({ name, run: run(name, measure) })),
    { ...options, ownProcesses: () => [process.pid, scene.postgresPid], onRound: options.progress },
  );
  const full = options.size === 'full' && options.count === null;
  const { ratios, goals } = judge(result.figures);
  const skipped = full ? [] : ['goals: they are for the full size'];
  return { bench, ...result, ratios, goals: full ? goals : [], skipped };
}
