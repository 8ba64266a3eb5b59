/**
 * A chaos run: jobs are submitted while faults are inflicted, then the faults stop, everything must come to its end within a
 * bound, and the history is judged.
 */
import { mkdtempSync } from 'node:fs';
import { copyFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@casare/shared/client';
import { Chance } from '../simulation/world/random.ts';
import { judge, type Violation } from './checker.ts';
import { Clients } from './clients.ts';
import { inflict } from './faults.ts';
import { History } from './history.ts';
import { openInstallation, type AgentKind, type Installation } from './installation.ts';
import { openOutside } from './outside.ts';
import { planFaults, told, type Fault } from './schedule.ts';
import { pushWorkflows } from './workflows.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** How long faults are inflicted, milliseconds. */
  readonly faultsMs: number;
  readonly jobs: number;
  readonly progress: (line: string) => void;
}

export interface ChaosOutcome {
  readonly violations: readonly Violation[];
  readonly schedule: readonly Fault[];
  /** One line. */
  readonly summary: string;
  /** The folder with history and logs, kept when there are violations; else null. */
  readonly kept: string | null;
}

/** Workers are killed of the first one; the others are for the number of jobs. */
const AGENT_KINDS: readonly AgentKind[] = [
  { program: 'product', slots: 2 },
  { program: 'inside', slots: 4 },
  { program: 'inside', slots: 4 },
];
/** After the last fault something must come to its end within this time, milliseconds: reconnecting, lost leases, reviews. */
const STALL_MS = 180_000;
/** And everything within this, for each job, whatever the machine. */
const DRAIN_JOB_MS = 500;
const LOOK_MS = 2_000;
const PROGRESS_MS = 15_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { seed, faultsMs, jobs, progress } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'casare-chaos-history-'));
  const history = new History(path.join(folder, 'history.jsonl'));
  const schedule = planFaults(seed, faultsMs);
  await using outside = await openOutside((key) => history.add({ type: 'acted', key }));
  await using installation = await openInstallation(AGENT_KINDS);
  progress(`up in ${installation.home}; seed ${seed}, ${schedule.length} faults, history in ${folder}`);
  await pushWorkflows(createClient(installation), outside.url);
  const clients = new Clients({ installation, history, chance: new Chance(seed + 1), acts: outside.acts });
  const startedAt = performance.now();
  const stop = new AbortController();
  const { signal } = stop;
  const bystanders = [clients.read(signal), clients.follow(signal), clients.review(signal), clients.pauses(signal)];
  const shown = setInterval(() => {
    progress(`${clients.jobs.size} submitted, ${clients.over.size} over`);
  }, PROGRESS_MS);
  try {
    await Promise.all([
      // The last tenth of the time has faults and no new jobs.
      clients.submit(jobs, faultsMs * 0.9),
      inflict(schedule, { installation, history, chance: new Chance(seed + 2) }),
    ]);
    history.add({ type: 'fault', what: 'no more faults' });
    progress('no more faults');
    const drained = await drain(clients, STALL_MS + jobs * DRAIN_JOB_MS);
    if (!drained) progress('the bound is over, and not every job');
  } finally {
    clearInterval(shown);
    stop.abort();
    await Promise.all(bystanders);
  }
  const all = await clients.finish();
  const violations = judge(history.lines);
  const reviews = history.lines.filter((line) => line.type === 'reviewed' && line.taken === true).length;
  const again = all.filter(({ attempt }) => attempt > 1).length;
  const acts = [...outside.acts.values()].reduce((sum, count) => sum + count, 0);
  const summary =
    `${verdict(violations)}: ${all.length} jobs, ${acts} acts outside, ${again} jobs tried again, ${reviews} reviews, ${clients.paused} pauses, ` +
    `${schedule.length} faults in ${seconds(faultsMs)} s, over after ${seconds(performance.now() - startedAt)} s ` +
    `(seed ${seed}${ownEnds(installation)})`;
  history.close();
  if (violations.length === 0) await rm(folder, { recursive: true, force: true });
  else await keepLogs(installation, folder);
  return { violations, schedule, summary, kept: violations.length === 0 ? null : folder };
}

/** What a failed run prints: how to have it again, what was done, and the lines of the history that show it. */
export function failure({ violations, schedule, kept }: ChaosOutcome, seed: number): string[] {
  return [
    `seed ${seed}; schedule:`,
    ...schedule.map((fault) => `  ${String(fault.at).padStart(7)} ms ${told(fault)}`),
    ...violations
      .slice(0, 20)
      .flatMap(({ kind, what, lines }) => [
        `${kind.toUpperCase()}: ${what}`,
        ...lines.map((line) => `  ${JSON.stringify(line)}`),
      ]),
    ...(kept === null ? [] : [`history and logs: ${kept}`]),
  ];
}

async function drain(clients: Clients, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  let progress = { over: 0, at: performance.now() };
  while (performance.now() < Math.min(deadline, progress.at + STALL_MS)) {
    if ((await clients.open()) === 0) return true;
    if (clients.over.size > progress.over) progress = { over: clients.over.size, at: performance.now() };
    await pause(LOOK_MS);
  }
  return false;
}

function verdict(violations: readonly Violation[]): string {
  const kinds = ['lost', 'recorded twice', 'stuck', 'done twice', 'went back', 'unexplained'] as const;
  return kinds.map((kind) => `${violations.filter((each) => each.kind === kind).length} ${kind}`).join(', ');
}

/** A program that ends although nobody ended it is worth a look, not a violation: it may have found no database. */
function ownEnds({ replicas, agents }: Installation): string {
  const ends = [...replicas, ...agents].flatMap(({ name, ownEnds: words }) => words.map((word) => `${name}: ${word}`));
  return ends.length === 0 ? '' : `; ended by themselves: ${ends.join('; ')}`;
}

async function keepLogs({ home }: Installation, folder: string): Promise<void> {
  const logs = (await readdir(home)).filter((name) => name.endsWith('.log'));
  await Promise.all(logs.map((name) => copyFile(path.join(home, name), path.join(folder, name))));
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(0);
}
