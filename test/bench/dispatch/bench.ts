/**
 * `tunnel-dispatch`: jobs submitted over REST reach 100 simulated agents through mTLS tunnels of the real control plane,
 * and every completion is durable before it is acknowledged. No peer offers it.
 */
import { openMasterKey } from '@casare/certs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startPart } from '../frame/child.ts';
import { ownSeconds } from '../frame/cpu.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atLeast, atMost, type Outcome } from '../frame/report.ts';
import { runRounds, type Figures } from '../frame/rounds.ts';
import { openBenchScene } from '../frame/scene.ts';
import type { ServerQuestions } from '../tunnels/gateway.ts';
import { makeAgents } from '../tunnels/leaves.ts';
import type { DispatchQuestions } from './clients.ts';

const SIZES = {
  full: { agents: 100, jobs: 50_000, singles: 1_000 },
  small: { agents: 10, jobs: 500, singles: 20 },
};
const EACH = 1_000;
const LANES = 2;

export async function tunnelDispatch(options: BenchOptions): Promise<Outcome> {
  const { agents, singles, ...size } = SIZES[options.size];
  const jobs = options.count ?? size.jobs;
  await using scene = await openBenchScene();
  const log = path.join(scene.home, 'parts.log');
  const env = {
    ...{ CASARE_HOME: path.join(scene.home, 'control-plane'), CASARE_DATABASE_URL: scene.db.url },
    ...{ CASARE_HOST: '127.0.0.1', CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0' },
    CASARE_LOG_LEVEL: 'warn',
  };
  const nodeFlags = (process.env.CASARE_BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean);
  const gateway = () =>
    startPart<ServerQuestions>(new URL('../tunnels/gateway.ts', import.meta.url), { log, env, nodeFlags });
  // The first start makes tenant, CAs and key.
  const first = gateway();
  await first.ask('start');
  await first.end();
  const masterKey = await openMasterKey(env.CASARE_HOME);
  if (!masterKey.ok) throw new Error(masterKey.message);
  const credentials = await makeAgents(scene.db, masterKey.value, agents);
  const admin = await readFile(path.join(env.CASARE_HOME, 'admin.json'), 'utf8');
  const { apiKey } = JSON.parse(admin) as { apiKey: string };
  const run = async (): Promise<Figures> => {
    await using stack = new AsyncDisposableStack();
    const server = gateway();
    stack.defer(() => server.end());
    const port = await server.ask('start');
    const clients = startPart<DispatchQuestions>(new URL('clients.ts', import.meta.url), { log });
    stack.defer(() => clients.end());
    await clients.ask('come', { credentials, port, web: { url: await server.ask('web'), apiKey } });
    await clients.ask('run', { jobs: Math.ceil(jobs / 10), each: EACH, lanes: LANES });
    const used = () => [ownSeconds([server.pid]), ownSeconds([scene.postgresPid])] as const;
    const [serverBefore, databaseBefore] = used();
    const { seconds, lost } = await clients.ask('run', { jobs, each: EACH, lanes: LANES });
    const [serverAfter, databaseAfter] = used();
    if (lost > 0) throw new Error(`${lost} tunnels were lost`);
    const { p50, p99 } = await clients.ask('latency', singles);
    const figures = {
      'jobs/s': jobs / seconds,
      'control plane us per job': ((serverAfter - serverBefore) * 1e6) / jobs,
      'database us per job': ((databaseAfter - databaseBefore) * 1e6) / jobs,
      ...{ 'idle p50 ms': p50, 'idle p99 ms': p99 },
    };
    options.progress(JSON.stringify(figures));
    return figures;
  };
  const result = await runRounds([{ name: 'casare', run }], {
    ...options,
    ownProcesses: () => [process.pid, scene.postgresPid],
    onRound: options.progress,
  });
  const casare = result.figures.casare!;
  const full = options.size === 'full' && options.count === null;
  const goals = [
    atLeast('jobs/s from REST to durable completion', casare['jobs/s']!, 10_000),
    atMost('idle, submit to agent, p50 ms', casare['idle p50 ms']!, 2),
    atMost('idle, submit to agent, p99 ms', casare['idle p99 ms']!, 10),
  ];
  const skipped = full ? [] : ['goals: they are for the full size'];
  return { bench: 'tunnel-dispatch', ...result, ratios: {}, goals: full ? goals : [], skipped };
}
