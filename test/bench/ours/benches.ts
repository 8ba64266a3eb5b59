/** The benches whose goals are about our own claim: each figure is ours, at two sizes or two moments. */
import path from 'node:path';
import { startPart, type Part } from '../frame/child.ts';
import { emptyDatabases, filledDatabases, type MakeDatabase } from '../frame/databases.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Goal, type Outcome } from '../frame/report.ts';
import { runRounds, type Figures } from '../frame/rounds.ts';
import { openBenchScene, type BenchScene } from '../frame/scene.ts';
import type { OursQuestions } from './part.ts';

/** Asks our queue, which has a process of its own. */
type Ask<T> = (part: Part<OursQuestions>, databaseUrl: string) => Promise<T>;

/** Where our queue runs: each time in a new process and on a new database. */
interface Stage {
  /** On an empty one. */
  readonly empty: <T>(ask: Ask<T>) => Promise<T>;
  /** On copies of one that is filled once. */
  readonly filled: (fill: Ask<void>) => <T>(ask: Ask<T>) => Promise<T>;
}

interface Measured {
  readonly name: string;
  readonly run: () => Promise<Figures>;
}

/** `mismatch`: what jobs that the worker cannot run cost it. */
export function mismatch(options: BenchOptions): Promise<Outcome> {
  const full = options.size === 'full';
  const others = full ? [0, 100_000, 1_000_000] : [0, 2_000, 10_000];
  const jobs = full ? 1_000 : 200;
  const names = others.map((count) => `behind ${count}`);
  const contenders = ({ filled }: Stage): Measured[] =>
    others.map((count, at) => {
      const behind = filled((part, databaseUrl) => part.ask('fillOthers', { databaseUrl, jobs: count, sets: 200 }));
      const claim = async (): Promise<Figures> => ({
        'claim p50 ms': await behind((part, databaseUrl) => part.ask('mismatch', { databaseUrl, jobs })),
      });
      return { name: names[at]!, run: claim };
    });
  const [none, , most] = names;
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
  // A claim takes hundreds of jobs, and each tenth needs some claims.
  const jobs = options.count ?? (options.size === 'full' ? 200_000 : 20_000);
  const contenders = ({ empty }: Stage): Measured[] => {
    const run = async (): Promise<Figures> => {
      const tenths = await empty((part, databaseUrl) => part.ask('snapshot', { databaseUrl, jobs }));
      const named = tenths.map((p50, at): [string, number] => [`claim p50 ms, tenth ${at + 1}`, p50]);
      return { ...Object.fromEntries(named), 'last to first': tenths.at(-1)! / tenths[0]! };
    };
    return [{ name: 'casare', run }];
  };
  return runOurs('snapshot', options, contenders, ({ casare }) => ({
    ratios: { 'last to first': casare!['last to first']! },
    goals: [atMost('claim p50, last tenth to first', casare!['last to first']!, 1.3)],
  }));
}

/** `fairness`: a small tenant's single job beside a large tenant's backlog. */
export function fairness(options: BenchOptions): Promise<Outcome> {
  const full = options.size === 'full';
  const backlog = options.count ?? (full ? 1_000_000 : 10_000);
  const probes = full ? 500 : 30;
  const contenders = ({ empty, filled }: Stage): Measured[] => {
    const behind = filled((part, databaseUrl) => part.ask('fillBacklog', { databaseUrl, jobs: backlog }));
    const run = async (): Promise<Figures> => {
      const probe = (drain: boolean) => (part: Part<OursQuestions>, databaseUrl: string) =>
        part.ask('fairness', { databaseUrl, probes, drain });
      const { resting: idle } = await empty(probe(false));
      const { resting: pending, draining, drained } = await behind(probe(true));
      return {
        ...{ 'idle p50 ms': idle.p50, 'idle p99 ms': idle.p99 },
        ...{ 'pending p50 ms': pending.p50, 'pending p99 ms': pending.p99 },
        ...{ 'draining p50 ms': draining!.p50, 'draining p99 ms': draining!.p99, 'jobs drained meanwhile': drained },
      };
    };
    return [{ name: 'casare', run }];
  };
  return runOurs('fairness', options, contenders, ({ casare }) => {
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

async function runOurs(
  bench: string,
  options: BenchOptions,
  contenders: (stage: Stage) => readonly Measured[],
  judge: (figures: Readonly<Record<string, Figures>>) => { ratios: Figures; goals: readonly Goal[] },
): Promise<Outcome> {
  await using scene = await openBenchScene();
  const measured = contenders(stageOf(scene)).map(({ name, run }) => ({
    name,
    run: async () => {
      const figures = await run();
      options.progress(`${name}: ${JSON.stringify(figures)}`);
      return figures;
    },
  }));
  const result = await runRounds(measured, {
    ...options,
    ownProcesses: () => [process.pid, scene.postgresPid],
    onRound: options.progress,
  });
  const full = options.size === 'full' && options.count === null;
  const { ratios, goals } = judge(result.figures);
  const skipped = full ? [] : ['goals: they are for the full size'];
  return { bench, ...result, ratios, goals: full ? goals : [], skipped };
}

function stageOf(scene: BenchScene): Stage {
  const inPart = async <T>(ask: Ask<T>, databaseUrl: string): Promise<T> => {
    const part = startPart<OursQuestions>(new URL('part.ts', import.meta.url), {
      log: path.join(scene.home, 'parts.log'),
      nodeFlags: (process.env.CASARE_BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean),
    });
    try {
      return await ask(part, databaseUrl);
    } finally {
      await part.end();
    }
  };
  const on = (make: MakeDatabase) =>
    async function <T>(ask: Ask<T>): Promise<T> {
      await using database = await make();
      return await inPart(ask, database.url);
    };
  return {
    empty: on(emptyDatabases(scene)),
    filled: (fill) => on(filledDatabases(scene, (databaseUrl) => inPart(fill, databaseUrl))),
  };
}
