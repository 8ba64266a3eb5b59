/** `endtoend`: producers and workers at once, from the first submit to the last durable completion. */
import type { BenchOptions } from '../frame/options.ts';
import { atLeast, type Outcome } from '../frame/report.ts';
import { runQueueBench, toBestPeer } from './stage.ts';

const JOBS = { full: 200_000, small: 2_000 };
const EACH = 1_000;
const PRODUCERS = 2;

export function endtoend(options: BenchOptions): Promise<Outcome> {
  const jobs = options.count ?? JOBS[options.size];
  return runQueueBench('endtoend', options, judge, async ({ name, part, perUnit }) => {
    const submits = { jobs, each: EACH, lanes: PRODUCERS };
    const [{ seconds, left }, cpu] = await perUnit(jobs, () => part.ask('endtoend', submits));
    if (left !== 0) throw new Error(`${name} left ${left} jobs`);
    return { 'jobs/s': jobs / seconds, ...cpu };
  });
}

function judge(figures: Parameters<typeof toBestPeer>[0]): Pick<Outcome, 'ratios' | 'goals'> {
  const ratio = toBestPeer(figures, 'jobs/s');
  return { ratios: { 'jobs/s': ratio }, goals: [atLeast('jobs/s end to end, to the best peer', ratio, 1.5)] };
}
