/**
 * `tunnels`: what 10,000 mTLS tunnels cost one gateway process, against bare `ws` on `node:https` with the same
 * certificates. The gateway is the whole control plane on a real PostgreSQL; the clients are another process.
 *
 * In each round and for each contender: a few clients come and go to warm up; all come, paced; each exchanges two
 * messages; memory is read after garbage collection; all stay for a while and ping; all are dropped and come again,
 * first as the agent's reconnect decision says, then all at once.
 */
import { openMasterKey } from '@casare/certs';
import path from 'node:path';
import { lookAfter } from '../../../control-plane/dist/fleet/session-watch.store.js';
import { startPart, type Part } from '../frame/child.ts';
import { ownSeconds } from '../frame/cpu.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Outcome } from '../frame/report.ts';
import { median, runRounds, type Figures } from '../frame/rounds.ts';
import { openBenchScene, type BenchScene } from '../frame/scene.ts';
import type { Arrival, ClientQuestions, Way } from './clients.ts';
import type { ServerQuestions } from './gateway.ts';
import { makeAgents, type Credentials } from './leaves.ts';
import type { Usage } from './usage.ts';

interface Size {
  readonly tunnels: number;
  readonly warmUp: number;
  readonly pingMs: number;
  readonly idleMs: number;
}

const SIZES: Record<BenchOptions['size'], Size> = {
  full: { tunnels: 10_000, warmUp: 500, pingMs: 15_000, idleMs: 45_000 },
  small: { tunnels: 20, warmUp: 5, pingMs: 500, idleMs: 1_000 },
};
/** Longer than this no step takes, or the bench fails. */
const STEP_MS = 400_000;

type Server = Pick<Part<ServerQuestions>, 'pid' | 'end'> & {
  ask(name: 'usage' | 'usageAfterGc'): Promise<Usage>;
  ask(name: 'snapshot', file: string): Promise<string>;
};

export async function tunnels(options: BenchOptions): Promise<Outcome> {
  const size = { ...SIZES[options.size], ...(options.count === null ? {} : { tunnels: options.count }) };
  await using scene = await openBenchScene();
  const log = path.join(scene.home, 'parts.log');
  const env = gatewayEnv(scene);
  const startGateway = async (): Promise<[Server, number]> => {
    const part = startPart<ServerQuestions>(new URL('gateway.ts', import.meta.url), { log, env, nodeFlags: GC });
    return [part, await part.ask('start')];
  };
  // The first start makes tenant and CAs.
  const [first] = await startGateway();
  await first.end();
  options.progress(`making ${size.tunnels} agents`);
  const masterKey = await openMasterKey(env.CASARE_HOME);
  if (!masterKey.ok) throw new Error(masterKey.message);
  const credentials = await makeAgents(scene.db, masterKey.value, size.tunnels);
  const startBare = async (): Promise<[Server, number]> => {
    const script = new URL('bare.ts', import.meta.url);
    const part = startPart<BareQuestions>(script, { log, nodeFlags: GC });
    return [part, await part.ask('start', credentials.bare)];
  };
  const round = (name: string, start: () => Promise<[Server, number]>) => async (): Promise<Figures> => {
    options.progress(`${name}: ${size.tunnels} tunnels`);
    const [server, port] = await start();
    const clients = startPart<ClientQuestions>(new URL('clients.ts', import.meta.url), { log });
    try {
      return await measure(scene, { server, clients, port, credentials, size, options });
    } finally {
      await clients.end();
      await server.end();
    }
  };
  const contenders = [
    { name: 'casare', run: round('casare', startGateway) },
    { name: 'ws', run: round('ws', startBare) },
  ].filter(({ name }) => options.only === null || name === options.only);
  const result = await runRounds(contenders, {
    ...options,
    ownProcesses: () => [process.pid, scene.postgresPid],
    onRound: options.progress,
  });
  const { casare, ws } = result.figures;
  const complete = casare !== undefined && ws !== undefined;
  return {
    ...{ bench: 'tunnels', ...result },
    ratios: complete ? ratiosOf(casare, ws) : {},
    goals: complete && size.tunnels === SIZES.full.tunnels ? goalsOf(casare) : [],
    skipped: [
      ...(complete ? [] : [`ratios: only ${options.only} was run`]),
      ...(size.tunnels === SIZES.full.tunnels ? [] : [`goals: they are for ${SIZES.full.tunnels} tunnels`]),
    ],
  };
}

function ratiosOf(casare: Figures, ws: Figures): Figures {
  const names = ['KiB per tunnel', 'arrivals/s/core', 'storm decided s', 'storm at once s'];
  return Object.fromEntries(names.map((name) => [name, casare[name]! / ws[name]!]));
}

function goalsOf(casare: Figures) {
  return [
    atMost('KiB per tunnel, all included', casare['KiB per tunnel']!, 70),
    atMost('reconnect storm of all tunnels as agents decide, s', casare['storm decided s']!, 20),
    atMost('reconnect storm of all tunnels at once, s', casare['storm at once s']!, 20),
    atMost('tunnels dropped meanwhile', casare.dropped!, 0),
  ];
}

type BareQuestions = Omit<ServerQuestions, 'start'> & { start(bare: Credentials['bare']): Promise<number> };

/** More flags of Node for whoever looks closer, such as `--cpu-prof`. */
const GC = ['--expose-gc', ...(process.env.CASARE_BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean)];

interface Measured {
  readonly server: Server;
  readonly clients: Part<ClientQuestions>;
  readonly port: number;
  readonly credentials: Credentials;
  readonly size: Size;
  readonly options: BenchOptions;
}

async function measure(scene: BenchScene, of: Measured): Promise<Figures> {
  const { server, clients, port, credentials, size, options } = of;
  const { tunnels: count, warmUp, pingMs, idleMs } = size;
  const come = async (way: Way, many = count): Promise<Arrival> => {
    const arrival = await clients.ask('come', { way, count: many, withinMs: STEP_MS });
    options.progress(`${many} came ${way} in ${arrival.seconds.toFixed(1)} s`);
    if (arrival.failed > 0) options.progress(`${arrival.failed} tries failed: ${JSON.stringify(arrival.why)}`);
    return arrival;
  };
  await clients.ask('load', { credentials, port, pingMs });
  await come('paced', warmUp);
  await clients.ask('drop');
  await server.ask('usageAfterGc');
  const before = await server.ask('usageAfterGc');

  const postgres = () => ownSeconds([scene.postgresPid]);
  const [cpu, database] = [(await server.ask('usage')).cpuUs, postgres()];
  const arrived = await come('paced');
  const [cpuArrived, databaseArrived] = [(await server.ask('usage')).cpuUs, postgres()];
  await clients.ask('exchange', STEP_MS);
  const full = await server.ask('usageAfterGc');
  options.progress(`${((full.rss - before.rss) / count / 1_024).toFixed(1)} KiB per tunnel`);
  const folder = process.env.CASARE_BENCH_SNAPSHOTS;
  if (folder) await server.ask('snapshot', path.join(folder, `${server.pid}.heapsnapshot`));
  const idle = await quiet(of, postgres);
  const watchMs = await watchTime(scene);

  const decided = await come('decided');
  const [cpuStorm, databaseStorm] = [(await server.ask('usage')).cpuUs, postgres()];
  const atOnce = await come('at once');
  const [cpuStormed, databaseStormed] = [(await server.ask('usage')).cpuUs, postgres()];
  const afterwards = await server.ask('usageAfterGc');
  const { lost, why } = await clients.ask('lost');
  if (lost > 0) options.progress(`${lost} tunnels were dropped: ${JSON.stringify(why)}`);

  const each = (to: number, from: number): number => (to - from) / count / 1_024;
  return {
    'KiB per tunnel': each(full.rss, before.rss),
    'KiB of heap': each(full.heap, before.heap),
    'KiB of external': each(full.external, before.external),
    'KiB after storms': each(afterwards.rss, before.rss),
    'arrival s': arrived.seconds,
    'arrivals/s/core': count / ((cpuArrived - cpu) / 1e6),
    'server ms per arrival': (cpuArrived - cpu) / 1e3 / count,
    'database ms per arrival': ((databaseArrived - database) * 1e3) / count,
    'arrival p50 ms': arrived.p50,
    'arrival p99 ms': arrived.p99,
    'idle core %': idle.server * 100,
    'idle database core %': idle.database * 100,
    'watch ms': watchMs,
    'pongs/s': idle.pongs / (idleMs / 1_000),
    'pings/s': count / (pingMs / 1_000),
    'storm decided s': decided.seconds,
    'storm decided failed': decided.failed,
    'storm at once s': atOnce.seconds,
    'storm at once failed': atOnce.failed,
    'server ms in storm': (cpuStormed - cpuStorm) / 1e3 / count,
    'database ms in storm': ((databaseStormed - databaseStorm) * 1e3) / count,
    dropped: lost,
  };
}

/** What the tunnels cost when nothing happens but pings: shares of a core. */
async function quiet({ server, clients, size }: Measured, postgres: () => number) {
  const { idleMs } = size;
  const [before, database, at] = [await server.ask('usage'), postgres(), performance.now()];
  const pongs = await clients.ask('idle', idleMs);
  const [after, databaseAfter, seconds] = [await server.ask('usage'), postgres(), (performance.now() - at) / 1_000];
  return {
    server: (after.cpuUs - before.cpuUs) / 1e6 / seconds,
    database: (databaseAfter - database) / seconds,
    pongs,
  };
}

/** The statement by which a gateway looks after all its sessions, twice a second, when nothing has changed. */
async function watchTime({ db }: BenchScene): Promise<number> {
  const times: number[] = [];
  let { snapshot } = await lookAfter(db, null, []);
  for (let turn = 0; turn < 5; turn++) {
    const at = performance.now();
    ({ snapshot } = await lookAfter(db, snapshot, []));
    times.push(performance.now() - at);
  }
  return median(times);
}

function gatewayEnv({ home, db }: BenchScene) {
  return {
    CASARE_HOME: path.join(home, 'control-plane'),
    CASARE_DATABASE_URL: db.url,
    CASARE_HOST: '127.0.0.1',
    CASARE_WEB_PORT: '0',
    CASARE_ENROL_PORT: '0',
    CASARE_TUNNEL_PORT: '0',
    CASARE_LOG_LEVEL: 'warn',
  };
}
