/** `drain`: jobs that wait are run and completed, from the first handler to the last durable completion. */
import type { BenchOptions } from '../frame/options.ts';
import { atLeast, type Outcome } from '../frame/report.ts';
import { runQueueBench, toBestPeer } from './stage.ts';

const JOBS = { full: 50_000, small: 2_000 };
const EACH = 5_000;

export function drain(options: BenchOptions): Promise<Outcome> {
  const jobs = options.count ?? JOBS[options.size];
  return runQueueBench('drain', options, judge, async ({ name, part, perUnit }) => {
    await part.ask('submit', { jobs, each: EACH, lanes: 1 });
    const [{ seconds, left }, cpu] = await perUnit(jobs, () => part.ask('drain', jobs));
    if (left !== 0) throw new Error(`${name} left ${left} jobs`);
    return { 'jobs/s': jobs / seconds, ...cpu };
  });
}

function judge(figures: Parameters<typeof toBestPeer>[0]): Pick<Outcome, 'ratios' | 'goals'> {
  const ratio = toBestPeer(figures, 'jobs/s');
  return { ratios: { 'jobs/s': ratio }, goals: [atLeast('jobs/s drained, to the best peer', ratio, 1.2)] };
}
