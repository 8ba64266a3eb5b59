/**
 * `recovery`: real processes are killed with -9 under jobs that take their time; how long until each of those jobs has begun
 * another step on record, and whether anything is lost or on record twice at the end. What a service manager would start
 * again is started again at once.
 *
 * Peers are not measured here: their times are settings, and stand as documented in docs/performance.md.
 */
import { LEASE_MS } from '@casare/shared/protocol';
import { openInstallation, type AgentKind, type Installation } from '../../chaos/installation.ts';
import { LongRuns } from '../../chaos/long-runs.ts';
import { until } from '../../support/stack.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Outcome } from '../frame/report.ts';
import { runRounds, type Figures } from '../frame/rounds.ts';

/** Room for the jobs of one agent on the others. */
const AGENTS: readonly AgentKind[] = Array.from({ length: 3 }, () => ({ program: 'product', slots: 4 }));
const JOBS = 6;
/** Of each job: as long as what is measured may take, a quarter of a second each. */
const STEPS = { full: 160, small: 60 } as const;
const WITHIN_MS = 150_000;
const CONNECTED_MS = 60_000;
/** What is dead stays so for longer than anybody waits for it. */
const DEAD_MS = 30_000;
const VANISHED_MS = LEASE_MS + 30_000;

/** Kills something and answers when, and the jobs that were under way there. */
type Blow = (scene: Scene) => Promise<{ at: number; jobs: readonly string[] }>;

interface Scene {
  readonly installation: Installation;
  readonly runs: LongRuns;
  readonly jobs: readonly string[];
}

const BLOWS: Readonly<Record<string, Blow>> = {
  'restarted agent': (scene) => killAgent(scene, 0),
  'dead gateway': async ({ installation, jobs }) => {
    const victim = installation.replicas.findIndex((_, replica) => installation.tunnelsOf(replica) > 0);
    const at = Date.now();
    await installation.replicas[victim]!.end('SIGKILL', DEAD_MS);
    return { at, jobs };
  },
  'restarted database': ({ installation, jobs }) => {
    const at = Date.now();
    process.kill(installation.postgresPid(), 'SIGKILL');
    return Promise.resolve({ at, jobs });
  },
};
const VANISHED = { 'vanished agent': (scene: Scene) => killAgent(scene, VANISHED_MS) };

export async function recovery(options: BenchOptions): Promise<Outcome> {
  await using installation = await openInstallation(AGENTS);
  const runs = await LongRuns.open(installation, STEPS[options.size]);
  const full = options.size === 'full';
  const blows = Object.entries(full ? { ...BLOWS, ...VANISHED } : BLOWS);
  const run = async (): Promise<Figures> => {
    const figures: Record<string, number> = { lost: 0, 'recorded twice': 0 };
    for (const [name, blow] of blows) {
      await allUp(installation);
      const scene = { installation, runs, jobs: await runs.begin(JOBS) };
      const { at, jobs } = await blow(scene);
      figures[`${name} s`] = (await runs.runAgain(jobs, at, WITHIN_MS)) / 1_000;
      const { lost, duplicated } = await runs.finish(scene.jobs);
      figures['lost']! += lost;
      figures['recorded twice']! += duplicated;
      options.progress(`${name}: ${figures[`${name} s`]!.toFixed(1)} s`);
    }
    return figures;
  };
  const pids = (): number[] => [process.pid];
  const result = await runRounds([{ name: 'casare', run }], {
    ...options,
    ownProcesses: pids,
    onRound: options.progress,
  });
  await runs.close();
  const casare = result.figures['casare']!;
  const goals = [
    ...Object.keys(BLOWS).map((name) => atMost(`${name}, until its jobs run again, s`, casare[`${name} s`]!, 15)),
    ...(full ? [atMost('vanished agent, idempotent steps, s', casare['vanished agent s']!, LEASE_MS / 1_000 + 5)] : []),
    atMost('lost, most of a round', result.spread['casare']!['lost']![1], 0),
    atMost('recorded twice, most of a round', result.spread['casare']!['recorded twice']![1], 0),
  ];
  const skipped = full ? [] : ['vanished agent: it takes longer than a lease, in the full size only'];
  return { bench: 'recovery', ...result, ratios: {}, goals, skipped };
}

/** The agent with most of the jobs; `downMs` until it is started again. */
async function killAgent({ installation, runs, jobs }: Scene, downMs: number): ReturnType<Blow> {
  const places = await Promise.all(jobs.map(async (job) => ({ job, agent: await runs.agentOf(job) })));
  const at = (agent: string): string[] => places.filter((place) => place.agent === agent).map(({ job }) => job);
  const [victim] = installation.agents.toSorted((a, b) => at(b.name).length - at(a.name).length);
  const killedAt = Date.now();
  await victim!.end('SIGKILL', downMs);
  return { at: killedAt, jobs: at(victim!.name) };
}

async function allUp(installation: Installation): Promise<void> {
  const { replicas, agents } = installation;
  for (const index of replicas.keys()) {
    await until(`replica ${index}`, VANISHED_MS + CONNECTED_MS, () => installation.isReady(index));
  }
  await until('agents', VANISHED_MS + CONNECTED_MS, () => {
    const tunnels = replicas.reduce((sum, _, replica) => sum + installation.tunnelsOf(replica), 0);
    return Promise.resolve(tunnels === agents.length);
  });
}
