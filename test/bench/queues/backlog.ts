/** `backlog`: what jobs that wait behind the ones that run cost them, ours and the peer that feels it most. */
import { filledDatabases } from '../frame/databases.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Outcome } from '../frame/report.ts';
import { runRounds, type Figures } from '../frame/rounds.ts';
import { openBenchScene } from '../frame/scene.ts';
import { fill, runOnce } from './stage.ts';

const SIZES = {
  full: { jobs: 50_000, behind: [0, 100_000, 1_000_000] },
  small: { jobs: 1_000, behind: [0, 2_000, 10_000] },
};
const EACH = 5_000;
const CPU = 'CPU us per job';

export async function backlog(options: BenchOptions): Promise<Outcome> {
  const { behind, ...size } = SIZES[options.size];
  const jobs = options.count ?? size.jobs;
  await using scene = await openBenchScene();
  const names = (['casare', 'graphile-worker'] as const).filter(
    (name) => options.only === null || name === options.only,
  );
  const contenders = behind.flatMap((waiting) =>
    names.map((name) => {
      const database = filledDatabases(scene, (url) => fill(scene, name, url, { jobs: jobs + waiting, each: EACH }));
      return {
        name: `${name} +${waiting}`,
        run: () =>
          runOnce(scene, name, { database, startRedis: null }, async ({ part, perUnit }): Promise<Figures> => {
            const [seconds, cpu] = await perUnit(jobs, () => part.ask('begin', jobs));
            options.progress(`${name} +${waiting}: ${seconds.toFixed(2)} s`);
            return { 'jobs/s': jobs / seconds, ...cpu };
          }),
      };
    }),
  );
  const result = await runRounds(contenders, {
    ...options,
    ownProcesses: () => [process.pid, scene.postgresPid],
    onRound: options.progress,
  });
  const most = behind.at(-1)!;
  const ratioOf = (name: string): number =>
    result.figures[`${name} +${most}`]![CPU]! / result.figures[`${name} +0`]![CPU]!;
  const ratios = Object.fromEntries(names.map((name) => [`${CPU}, ${name}, most to none`, ratioOf(name)]));
  const full = options.size === 'full' && options.count === null && options.only === null;
  return {
    ...{ bench: 'backlog', ...result, ratios },
    goals: full ? [atMost('CPU per job, 1M behind to none', ratioOf('casare'), 1.15)] : [],
    skipped: full ? [] : ['goals: they are for the full size'],
  };
}
