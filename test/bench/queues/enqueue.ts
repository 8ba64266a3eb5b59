/** `enqueue`: jobs of 64 bytes by bulk calls at service level, until they are durable. */
import type { BenchOptions } from '../frame/options.ts';
import { atLeast, type Outcome } from '../frame/report.ts';
import { runQueueBench, toBestPeer } from './stage.ts';

const JOBS = { full: 50_000, small: 2_000 };
/** Jobs a call. */
const EACH = 5_000;

export function enqueue(options: BenchOptions): Promise<Outcome> {
  const jobs = options.count ?? JOBS[options.size];
  return runQueueBench('enqueue', options, judge, async ({ part, perUnit }) => {
    // Code and plans are warm.
    await part.ask('submit', { jobs: 1_000, each: 500, lanes: 1 });
    const [seconds, cpu] = await perUnit(jobs, () => part.ask('submit', { jobs, each: EACH, lanes: 1 }));
    return { 'jobs/s': jobs / seconds, ...cpu };
  });
}

function judge(figures: Parameters<typeof toBestPeer>[0]): Pick<Outcome, 'ratios' | 'goals'> {
  const ratio = toBestPeer(figures, 'jobs/s');
  return { ratios: { 'jobs/s': ratio }, goals: [atLeast('jobs/s enqueued, to the best peer', ratio, 1.2)] };
}
