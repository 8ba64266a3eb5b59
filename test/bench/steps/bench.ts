/**
 * `steps`: what the engine costs per step. 1,000 `set` steps; 200 browser steps, against the same executors called without
 * the engine (the same calls of Playwright), and against a script with one call of Playwright for each step. Our runs are
 * those of an agent: a worker process, every event in a durable outbox. Each contender has a process that is new in each round.
 * Ratios are taken within a round, whose contenders run one after the other.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startPart } from '../frame/child.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Outcome } from '../frame/report.ts';
import { type Figures, type RoundsResult, ratiosWithin, runRounds } from '../frame/rounds.ts';
import { runOnAgent } from './agent-run.ts';
import { servePage } from './page.ts';
import type { PeerQuestions } from './peers.ts';
import { browserRound, perStepMs, ROUND, setSteps, WARM_UP } from './tasks.ts';

const SIZES = { full: { plain: 1_000, browser: 200 }, small: { plain: 50, browser: 10 } } as const;
/** The trace is a thing of its own: Playwright's, on or off, whoever calls it. */
const WITHOUT_TRACE = { rpa: { record: { trace: 'never' } } };
const PER_STEP = 'ms per browser step';
const TRACED = 'ms with a trace';

interface Scene {
  readonly home: string;
  readonly url: string;
  readonly plain: number;
  readonly rounds: number;
}

export async function steps(options: BenchOptions): Promise<Outcome> {
  const size = SIZES[options.size];
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-bench-steps-'));
  const page = await servePage();
  const scene: Scene = { home, url: page.url, plain: options.count ?? size.plain, rounds: size.browser / ROUND };
  try {
    const contenders = [
      { name: 'casare', run: () => onAgent(scene) },
      { name: 'executors', run: () => byPeer('executors', scene) },
      { name: 'playwright', run: () => byPeer('playwright', scene) },
    ].filter(({ name }) => options.only === null || name === options.only);
    const result = await runRounds(contenders, {
      ...options,
      ownProcesses: () => [process.pid],
      onRound: options.progress,
    });
    return { bench: 'steps', ...result, ...judged(result, options) };
  } finally {
    await page.close();
    await rm(home, { recursive: true, force: true });
  }
}

/** The whole way: plain steps, browser steps, and browser steps with the trace that is kept for a failure. */
async function onAgent({ home, url, plain, rounds }: Scene): Promise<Figures> {
  const environment = { CASARE_HOME: home, ...browserOf(process.env) };
  const run = async (name: string, tasks: unknown[], metadata = {}) => {
    const ran = await runOnAgent(path.join(home, name), tasks, environment, metadata);
    if (ran.ending !== 'run.completed') throw new Error(`the run of ${name} ended by ${ran.ending}`);
    return ran;
  };
  const set = await run('plain', setSteps(plain));
  const browser = await run('browser', browserSteps(url, rounds), WITHOUT_TRACE);
  const traced = await run('traced', browserSteps(url, rounds));
  return {
    'ms per plain step': set.ms / plain,
    'CPU us per plain step': (set.cpu * 1e6) / plain,
    [PER_STEP]: perStepMs(browser.msAfter('warm'), rounds),
    [TRACED]: perStepMs(traced.msAfter('warm'), rounds),
  };
}

function browserSteps(url: string, rounds: number): unknown[] {
  const tasks = (many: number, from: number): unknown[] =>
    Array.from({ length: many }, (_, n) => browserRound(from + n)).flatMap((all) =>
      all.map(([name, call, args]) => ({ [name]: { call, with: args } })),
    );
  return [
    { open: { call: 'browser.open', with: { url } } },
    { warm: { do: tasks(WARM_UP, 10_000) } },
    ...tasks(rounds, 0),
  ];
}

/** What a peer takes for a browser step, in a process of its own as young as a worker: it ends with the round. */
async function byPeer(which: keyof PeerQuestions, scene: Scene): Promise<Figures> {
  const part = startPart<PeerQuestions>(new URL('peers.ts', import.meta.url), {
    log: path.join(scene.home, 'peers.log'),
  });
  try {
    return { [PER_STEP]: await part.ask(which, scene) };
  } finally {
    await part.end();
  }
}

function judged(
  { figures, each }: RoundsResult,
  options: BenchOptions,
): Pick<Outcome, 'ratios' | 'ratioSpread' | 'goals' | 'skipped'> {
  const { casare, executors, playwright } = figures;
  if (casare === undefined || executors === undefined || playwright === undefined) {
    return { ratios: {}, goals: [], skipped: [`ratios: only ${options.only} was run`] };
  }
  const engine = 'to the same calls';
  const within = ratiosWithin(each, {
    [engine]: [
      ['casare', PER_STEP],
      ['executors', PER_STEP],
    ],
    'to one call a step': [
      ['casare', PER_STEP],
      ['playwright', PER_STEP],
    ],
    'trace on to off': [
      ['casare', TRACED],
      ['casare', PER_STEP],
    ],
  });
  if (options.size !== 'full') return { ...within, goals: [], skipped: ['goals: they are for 1000 and 200 steps'] };
  const goals = [
    atMost('plain step, ms', casare['ms per plain step']!, 0.5),
    atMost('browser step to the same calls of Playwright', within.ratios[engine]!, 1.1),
  ];
  return { ...within, goals, skipped: [] };
}

function browserOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return env['CASARE_BROWSER'] === undefined ? {} : { CASARE_BROWSER: env['CASARE_BROWSER'] };
}
