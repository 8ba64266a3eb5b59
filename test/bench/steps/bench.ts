/**
 * `steps`: what the engine costs per step. 1,000 `set` steps; 200 browser steps, against the same executors called without
 * the engine (the same calls of Playwright), and against a script with one call of Playwright for each step. Our runs are
 * those of an agent: a worker process, every event in a durable outbox. Each contender has a process that is new in each round.
 * Within a round the contenders take turns (`turns.ts`), and ratios are taken within a round.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startPart } from '../frame/child.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Outcome } from '../frame/report.ts';
import { type Contender, type Figures, type RoundsResult, ratiosWithin, runRounds } from '../frame/rounds.ts';
import { type Ran, runOnAgent } from './agent-run.ts';
import { servePage, turnUrl } from './page.ts';
import type { PeerQuestions } from './peers.ts';
import { browserRound, perStepMs, ROUND, setSteps, turnsOf, WARM_UP } from './tasks.ts';
import { Turns } from './turns.ts';

const SIZES = { full: { plain: 1_000, browser: 200 }, small: { plain: 50, browser: 10 } } as const;
/** The trace is a thing of its own: Playwright's, on or off, whoever calls it. */
const WITHOUT_TRACE = { rpa: { record: { trace: 'never' } } };
const PER_STEP = 'ms per browser step';
const TRACED = 'ms with a trace';

interface Scene {
  readonly home: string;
  readonly plain: number;
  readonly rounds: number;
}

/** A scene in which turns are given. */
interface Heat extends Scene {
  /** Of the page. */
  readonly url: string;
  readonly leave: () => void;
}

/** Ours, and what it is measured against. */
const NAMES = ['casare', 'executors', 'playwright'] as const;
type Name = (typeof NAMES)[number];

export async function steps(options: BenchOptions): Promise<Outcome> {
  const size = SIZES[options.size];
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-bench-steps-'));
  const scene: Scene = { home, plain: options.count ?? size.plain, rounds: size.browser / ROUND };
  try {
    const names = NAMES.filter((name) => options.only === null || name === options.only);
    const result = await runRounds(contendersOf(names, scene), {
      ...options,
      ownProcesses: () => [process.pid],
      onRound: options.progress,
    });
    return { bench: 'steps', ...result, ...judged(result, options) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The frame asks one after the other; with the first of them all begin. */
function contendersOf(names: readonly Name[], scene: Scene): Contender[] {
  let all: Promise<Readonly<Record<string, Figures>>> | undefined;
  return names.map((name, index) => ({
    name,
    run: async () => {
      if (index === 0) all = sideBySide(names, scene);
      return (await all)?.[name] ?? {};
    },
  }));
}

/** One round: browser steps of all contenders in turns; what ours alone does comes before and after. */
async function sideBySide(names: readonly Name[], scene: Scene): Promise<Record<string, Figures>> {
  const turns = new Turns(names);
  const page = await servePage(turns);
  try {
    const plain = names.includes('casare') ? await plainSteps(scene) : {};
    const figures = await Promise.all(
      names.map(async (name): Promise<[string, Figures]> => {
        const heat: Heat = { ...scene, url: page.url, leave: () => turns.leave(name) };
        try {
          return [name, name === 'casare' ? { ...plain, ...(await inTurns(heat)) } : await byPeer(name, heat)];
        } finally {
          // Also one that fails: the others would wait for it for ever.
          heat.leave();
        }
      }),
    );
    const traced = names.includes('casare') ? await withTrace(scene, page.url) : {};
    return Object.fromEntries(figures.map(([name, own]) => [name, name === 'casare' ? { ...own, ...traced } : own]));
  } finally {
    await page.close();
  }
}

async function plainSteps({ home, plain }: Scene): Promise<Figures> {
  const { ms, cpu } = await onAgent(home, 'plain', setSteps(plain));
  return { 'ms per plain step': ms / plain, 'CPU us per plain step': (cpu * 1e6) / plain };
}

/** The whole way. Its turn is a step like any other, which waits for an answer; it is not timed. */
async function inTurns({ home, url, rounds }: Heat): Promise<Figures> {
  const turn = { call: 'http', with: { method: 'get', endpoint: turnUrl(url, 'casare') }, timeout: { after: 'PT5M' } };
  const blocks = turnsOf(rounds);
  const tasks = blocks.flatMap((block, n) => [{ [`turn${n}`]: turn }, ...block.flatMap(tasksOf)]);
  const ran = await onAgent(home, 'browser', [...opened(url), ...tasks], WITHOUT_TRACE);
  const lastOf = (block: readonly number[]): string => browserRound(block.at(-1) ?? 0).at(-1)?.[0] ?? '';
  const ms = blocks.map((block, n) => ran.msBetween(`turn${n}`, lastOf(block)));
  return {
    [PER_STEP]: perStepMs(
      ms.reduce((sum, one) => sum + one),
      rounds,
    ),
  };
}

/** With the trace that is kept for a failure. */
async function withTrace({ home, rounds }: Scene, url: string): Promise<Figures> {
  const tasks = Array.from({ length: rounds }, (_, n) => tasksOf(n)).flat();
  const ran = await onAgent(home, 'traced', [...opened(url), ...tasks]);
  return { [TRACED]: perStepMs(ran.msBetween('warm'), rounds) };
}

async function onAgent(home: string, name: string, tasks: unknown[], metadata = {}): Promise<Ran> {
  const environment = { CASARE_HOME: home, ...browserOf(process.env) };
  const ran = await runOnAgent(path.join(home, name), tasks, environment, metadata);
  if (ran.ending !== 'run.completed') throw new Error(`the run of ${name} ended by ${ran.ending}`);
  return ran;
}

function opened(url: string): unknown[] {
  const warm = Array.from({ length: WARM_UP }, (_, n) => tasksOf(10_000 + n)).flat();
  return [{ open: { call: 'browser.open', with: { url } } }, { warm: { do: warm } }];
}

function tasksOf(n: number): unknown[] {
  return browserRound(n).map(([name, call, args]) => ({ [name]: { call, with: args } }));
}

/** What a peer takes for a browser step, in a process of its own as young as a worker: it ends with the round. */
async function byPeer(which: keyof PeerQuestions, heat: Heat): Promise<Figures> {
  const part = startPart<PeerQuestions>(new URL('peers.ts', import.meta.url), {
    log: path.join(heat.home, 'peers.log'),
  });
  try {
    const { home, url, rounds } = heat;
    return { [PER_STEP]: await part.ask(which, { home, url, rounds }) };
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
