/** `latency`: one job after the other on an idle queue, from the call that submits it to the start of its handler. */
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Outcome } from '../frame/report.ts';
import type { Figures } from '../frame/rounds.ts';
import { runQueueBench } from './stage.ts';

const JOBS = { full: 1_000, small: 30 };
/** Between the start of one job and the next submit: the queue is idle again. */
const PAUSE_MS = 5;

export function latency(options: BenchOptions): Promise<Outcome> {
  const jobs = options.count ?? JOBS[options.size];
  return runQueueBench('latency', options, judge, async ({ part, perUnit }) => {
    const [{ p50, p99 }, cpu] = await perUnit(jobs, () => part.ask('latency', { jobs, pauseMs: PAUSE_MS }));
    return { 'p50 ms': p50, 'p99 ms': p99, ...cpu };
  });
}

type Judge = Parameters<typeof runQueueBench>[2];

function judge(figures: Parameters<Judge>[0]): ReturnType<Judge> {
  // BullMQ may be missing.
  const all: Readonly<Record<string, Figures | undefined>> = figures;
  const to = (peer: string, name: string): number => figures.casare[name]! / (all[peer]?.[name] ?? Number.NaN);
  const ratios = {
    'p50 to graphile-worker': to('graphile-worker', 'p50 ms'),
    'p99 to graphile-worker': to('graphile-worker', 'p99 ms'),
    'p50 to bullmq': to('bullmq', 'p50 ms'),
  };
  return {
    ratios,
    goals: [
      atMost('p50, to graphile-worker', ratios['p50 to graphile-worker'], 1),
      atMost('p50, to BullMQ with appendfsync always', ratios['p50 to bullmq'], 1.5),
    ],
  };
}
