/** The stage of the queue benches: for every run a contender in a process of its own, on a database that is new. */
import path from 'node:path';
import { sql } from '../../../control-plane/dist/platform/database/index.js';
import { startPart, type Part } from '../frame/child.ts';
import { ownSeconds } from '../frame/cpu.ts';
import { emptyDatabases, type MakeDatabase } from '../frame/databases.ts';
import type { BenchOptions } from '../frame/options.ts';
import { findRedis, type Redis, type StartRedis } from '../frame/redis.ts';
import type { Outcome } from '../frame/report.ts';
import { runRounds, type Figures } from '../frame/rounds.ts';
import { openBenchScene, type BenchScene } from '../frame/scene.ts';
import type { QueueQuestions } from './part.ts';
import { CONTENDERS, type ContenderName } from './queue.ts';

/** A contender that is open, for one run. */
export interface Running {
  readonly name: ContenderName;
  readonly part: Part<QueueQuestions>;
  /** Measures `work`: its answer, and the processor time for each of `units`. */
  readonly perUnit: <T>(units: number, work: () => Promise<T>) => Promise<[T, Figures]>;
}

/** Runs `measure` once in each round for each contender; what it does not answer counts as a failure of the bench. */
export async function runQueueBench(
  bench: string,
  options: BenchOptions,
  judge: (figures: Readonly<Record<ContenderName, Figures>>) => Pick<Outcome, 'ratios' | 'goals'>,
  measure: (running: Running) => Promise<Figures>,
): Promise<Outcome> {
  const redis = await findRedis();
  const skipped = 'reason' in redis ? [`bullmq: ${redis.reason}`] : [];
  const startRedis = 'reason' in redis ? null : redis;
  await using scene = await openBenchScene();
  const names = CONTENDERS.filter((name) => options.only === null || name === options.only).filter(
    (name) => name !== 'bullmq' || startRedis !== null,
  );
  const database = emptyDatabases(scene);
  const contenders = names.map((name) => ({
    name,
    run: async () => {
      const figures = await runOnce(scene, name, { database, startRedis }, measure);
      options.progress(
        `${name}: ${JSON.stringify(figures, (_, v: unknown) => (typeof v === 'number' ? +v.toPrecision(4) : v))}`,
      );
      return figures;
    },
  }));
  const result = await runRounds(contenders, {
    ...options,
    ownProcesses: () => [process.pid, scene.postgresPid],
    onRound: options.progress,
  });
  const complete = options.only === null;
  return {
    ...{ bench, ...result },
    ...(complete ? judge(result.figures) : { ratios: {}, goals: [] }),
    ...(complete && options.size === 'full' && options.count === null ? {} : { goals: [] }),
    skipped: [
      ...skipped,
      ...(complete ? [] : [`ratios: only ${options.only} was run`]),
      ...(options.size === 'full' && options.count === null ? [] : ['goals: they are for the full size']),
    ],
  };
}

/** Runs `measure` once, with `name` on a database that is new. */
export async function runOnce(
  scene: BenchScene,
  name: ContenderName,
  on: { readonly database: MakeDatabase; readonly startRedis: StartRedis | null },
  measure: (running: Running) => Promise<Figures>,
): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const redis: Redis | null = name === 'bullmq' ? await on.startRedis!(scene.home) : null;
  if (redis) stack.defer(() => redis.stop());
  const { url: databaseUrl } = stack.use(await on.database());
  const part = startQueue(scene);
  stack.defer(() => part.end());
  await part.ask('open', { name, home: { databaseUrl, redisPort: redis?.port ?? null } });
  const servers = () => ownSeconds([scene.postgresPid, ...(redis ? [redis.pid] : [])]);
  const client = () => ownSeconds([part.pid]);
  return await measure({
    name,
    part,
    async perUnit(units, work) {
      // What was prepared is on disk before the clock runs.
      await scene.db.execute(checkpoint());
      const [clientBefore, serversBefore] = [client(), servers()];
      const answer = await work();
      const [ofClient, ofServers] = [client() - clientBefore, servers() - serversBefore];
      const each = { 'CPU us per job': ofClient + ofServers, 'of it in servers': ofServers };
      return [answer, Object.fromEntries(Object.entries(each).map(([name, s]) => [name, (s * 1e6) / units]))];
    },
  });
}

/** Submits `jobs` with `name` on the database of that URL, in calls of `each`. */
export async function fill(
  scene: BenchScene,
  name: ContenderName,
  databaseUrl: string,
  submits: { readonly jobs: number; readonly each: number },
): Promise<void> {
  const part = startQueue(scene);
  try {
    await part.ask('open', { name, home: { databaseUrl, redisPort: null } });
    await part.ask('submit', { ...submits, lanes: 2 });
  } finally {
    await part.end();
  }
}

function startQueue(scene: BenchScene): Part<QueueQuestions> {
  return startPart<QueueQuestions>(new URL('part.ts', import.meta.url), {
    log: path.join(scene.home, 'parts.log'),
    nodeFlags: (process.env.CASARE_BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean),
  });
}

const checkpoint = sql('benchCheckpoint', 'CHECKPOINT');

/** Ours to the best of the peers, by a figure of which more is better. */
export function toBestPeer(figures: Readonly<Record<ContenderName, Figures>>, name: string): number {
  const peers = Object.entries(figures).filter(([contender]) => contender !== 'casare');
  return figures.casare[name]! / Math.max(...peers.map(([, peer]) => peer[name]!));
}
