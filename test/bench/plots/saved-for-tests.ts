/** Figures of every bench, made up, for tests of plots and tables. */
import type { Figure, Saved } from './saved.ts';

const figure = (median: number): Figure => ({ median, least: median * 0.9, most: median * 1.2 });
const figures = (values: Readonly<Record<string, number>>): Record<string, Figure> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, figure(value)]));
const rated = (rate: number, cpu: number, servers: number) =>
  figures({ 'jobs/s': rate, 'CPU us per job': cpu, 'of it in servers': servers });
const started = (p50: number, p99: number) =>
  figures({ 'p50 ms': p50, 'p99 ms': p99, 'CPU us per job': 900, 'of it in servers': 300 });

const OF_ALL = {
  ...{ size: 'full', rounds: 5, machine: '2 x Test Processor, 24 GiB, linux 6.1', foreignCpu: 0.034, skipped: [] },
  versions: { 'Node.js': '24.0.0', PostgreSQL: '18.4.0' },
} as const;
const goal = (name: string, value: number, limit: number, bound: 'at most' | 'at least', met: boolean) => ({
  ...{ goal: name, value, limit, bound, met },
});

function rates(bench: string): Saved {
  return {
    ...OF_ALL,
    ...{ bench, skipped: [], ratios: { 'jobs/s': 0.126 } },
    figures: {
      casare: rated(3_150, 328, 186),
      'graphile-worker': rated(25_000, 38, 19),
      'pg-boss': rated(22_500, 53, 35),
      bullmq: rated(4_550, 121, 54),
    },
    goals: [goal('jobs/s, to the best peer', 0.126, 1.2, 'at least', false)],
  };
}

export const MADE_UP: readonly Saved[] = [
  ...['enqueue', 'drain', 'endtoend'].map(rates),
  {
    ...OF_ALL,
    ...{ bench: 'latency', skipped: ['bullmq: no network'], ratios: { 'p50 to graphile-worker': 0.5 } },
    figures: { casare: started(5, 20), 'graphile-worker': started(10, 30), 'pg-boss': started(12, 240) },
    goals: [goal('p50, to graphile-worker', 0.5, 1, 'at most', true)],
  },
  {
    ...OF_ALL,
    ...{ bench: 'tunnel-dispatch', skipped: [], ratios: {} },
    figures: {
      casare: figures({
        ...{ 'jobs/s': 12_500, 'control plane us per job': 80, 'database us per job': 60 },
        ...{ 'idle p50 ms': 1.5, 'idle p99 ms': 9 },
      }),
    },
    goals: [goal('jobs/s from REST to durable completion', 12_500, 10_000, 'at least', true)],
  },
  {
    ...OF_ALL,
    ...{ bench: 'backlog', skipped: [] },
    ratios: { 'CPU us per job, casare, most to none': 1.1, 'CPU us per job, graphile-worker, most to none': 1.6 },
    figures: {
      ...{ 'casare +0': rated(20_000, 50, 30), 'casare +1000000': rated(19_000, 55, 33) },
      ...{ 'graphile-worker +0': rated(25_000, 40, 20), 'graphile-worker +1000000': rated(15_000, 64, 40) },
    },
    goals: [goal('CPU per job, 1M behind to none', 1.1, 1.15, 'at most', true)],
  },
  {
    ...OF_ALL,
    ...{ bench: 'mismatch', skipped: [], ratios: { 'most to none': 1.25 } },
    figures: {
      'behind 0': figures({ 'claim p50 ms': 0.4 }),
      'behind 100000': figures({ 'claim p50 ms': 0.42 }),
      'behind 1000000': figures({ 'claim p50 ms': 0.5 }),
    },
    goals: [goal('claim p50 behind 1M jobs of others, ms', 0.5, 1, 'at most', true)],
  },
  {
    ...OF_ALL,
    ...{ bench: 'snapshot', skipped: [], ratios: { 'last to first': 1.18 } },
    figures: {
      casare: figures({
        ...Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`claim p50 ms, tenth ${at + 1}`, 1 + at * 0.02])),
        'last to first': 1.18,
      }),
    },
    goals: [goal('claim p50, last tenth to first', 1.18, 1.3, 'at most', true)],
  },
  {
    ...OF_ALL,
    ...{ bench: 'steps', skipped: [] },
    ratios: { 'to the same calls': 1.08, 'to one call a step': 1.4, 'trace on to off': 1.7 },
    figures: {
      casare: figures({
        ...{ 'ms per plain step': 0.4, 'CPU us per plain step': 600 },
        ...{ 'ms per browser step': 14, 'ms with a trace': 24 },
      }),
      executors: figures({ 'ms per browser step': 13 }),
      playwright: figures({ 'ms per browser step': 10 }),
    },
    goals: [
      goal('plain step, ms', 0.4, 0.5, 'at most', true),
      goal('browser step to the same calls of Playwright', 1.08, 1.1, 'at most', true),
    ],
  },
  {
    ...OF_ALL,
    ...{ bench: 'fairness', skipped: [], ratios: { 'p99 pending to idle': 3 } },
    figures: {
      casare: figures({
        ...{ 'idle p50 ms': 4, 'idle p99 ms': 10, 'pending p50 ms': 6, 'pending p99 ms': 30 },
        ...{ 'draining p50 ms': 12, 'draining p99 ms': 45, 'jobs drained meanwhile': 90_000 },
      }),
    },
    goals: [goal('p99 behind a pending backlog, to idle', 3, 2, 'at most', false)],
  },
  {
    ...OF_ALL,
    ...{ bench: 'recovery', skipped: [], ratios: {} },
    figures: {
      casare: {
        ...{ lost: { median: 0, least: 0, most: 0 }, 'recorded twice': { median: 0, least: 0, most: 0 } },
        ...figures({ 'restarted agent s': 3, 'dead gateway s': 6, 'restarted database s': 5, 'vanished agent s': 62 }),
      },
    },
    goals: [
      goal('restarted agent, until its jobs run again, s', 3, 15, 'at most', true),
      goal('vanished agent, idempotent steps, s', 62, 65, 'at most', true),
      goal('lost, most of a round', 0, 0, 'at most', true),
    ],
  },
];

/** The made-up figures of one bench. */
export function madeUp(bench: string): Saved {
  return MADE_UP.find((saved) => saved.bench === bench)!;
}
