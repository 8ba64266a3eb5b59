/** A part: one contender, producer and workers together, in a process of its own. */
import { serve } from '../frame/child.ts';
import { quantile } from '../frame/rounds.ts';
import type { BenchQueue, ContenderName, QueueHome } from './queue.ts';

/** Only the code of the contender is loaded. */
const OPEN: Record<ContenderName, (home: QueueHome) => Promise<BenchQueue>> = {
  casare: async (home) => (await import('./casare.ts')).casare(home),
  'graphile-worker': async (home) => (await import('./graphile.ts')).graphileWorker(home),
  'pg-boss': async (home) => (await import('./pg-boss.ts')).pgBoss(home),
  bullmq: async (home) => (await import('./bullmq.ts')).bullmq(home),
};

/** How many jobs, in calls of how many, and how many calls under way at a time. */
export interface Submits {
  readonly jobs: number;
  readonly each: number;
  readonly lanes: number;
}

let queue: BenchQueue;

const questions = {
  open: async ({ name, home }: { name: ContenderName; home: QueueHome }): Promise<void> => {
    queue = await OPEN[name](home);
  },
  /** Seconds until all are durable. */
  submit: async (submits: Submits): Promise<number> => {
    const startedAt = performance.now();
    await submitAll(submits);
    return secondsSince(startedAt);
  },
  /** Runs the `jobs` that wait; seconds from the first handler to the last durable completion, and what is left. */
  drain: async (jobs: number): Promise<{ seconds: number; left: number }> => {
    const started = counter(jobs);
    await queue.work(started.add);
    await started.all;
    await queue.completed(jobs);
    return { seconds: secondsSince(started.firstAt()), left: await queue.left() };
  },
  /** Runs jobs until `jobs` handlers have begun, whatever waits behind them; seconds from the first one. */
  begin: async (jobs: number): Promise<number> => {
    const started = counter(jobs);
    await queue.work(started.add);
    await started.all;
    return secondsSince(started.firstAt());
  },
  /** Producers and workers at once; seconds from the first call to the last durable completion. */
  endtoend: async (submits: Submits): Promise<{ seconds: number; left: number }> => {
    const started = counter(submits.jobs);
    await queue.work(started.add);
    const startedAt = performance.now();
    await Promise.all([submitAll(submits), started.all]);
    await queue.completed(submits.jobs);
    return { seconds: secondsSince(startedAt), left: await queue.left() };
  },
  /** One job after the other on an idle queue: milliseconds from the call to the start of its handler. */
  latency: async ({ jobs, pauseMs }: { jobs: number; pauseMs: number }): Promise<{ p50: number; p99: number }> => {
    let started = Promise.withResolvers<number>();
    await queue.work(() => started.resolve(performance.now()));
    const times: number[] = [];
    for (let i = 0; i < jobs; i++) {
      started = Promise.withResolvers();
      const at = performance.now();
      await queue.submitOne();
      times.push((await started.promise) - at);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  },
};
/** What may be asked of a contender. */
export type QueueQuestions = typeof questions;

serve(questions, () => queue.close());

async function submitAll({ jobs, each, lanes }: Submits): Promise<void> {
  let left = jobs;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(each, left);
      left -= count;
      await queue.submit(count);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Counts handlers that began; `all` resolves with the last one. */
function counter(jobs: number) {
  const all = Promise.withResolvers<void>();
  let count = 0;
  let first = Number.NaN;
  return {
    all: all.promise,
    firstAt: () => first,
    add: (): void => {
      if (count === 0) first = performance.now();
      count += 1;
      if (count === jobs) all.resolve();
    },
  };
}

function secondsSince(at: number): number {
  return (performance.now() - at) / 1_000;
}
