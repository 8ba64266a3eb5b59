/**
 * One PostgreSQL, two control planes on one home, three agents: real processes on loopback, each under a service manager.
 * Agents reach the control planes through a relay of their own, clients through another one; each relay passes over a
 * control plane that is away.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { api, createClient, type Client } from '@casare/shared/client';
import { startEmbeddedPostgres } from '../../control-plane/dist/platform/database/index.js';
import { silentLog } from '../../control-plane/dist/platform/log.js';
import { freePorts, startRelay, type Relay } from '../support/ports.ts';
import { startProgram } from '../support/program.ts';
import { until } from '../support/stack.ts';
import { REPLICAS } from './schedule.ts';
import { Unit } from './unit.ts';

export interface Installation extends AsyncDisposable {
  readonly home: string;
  /** Of the web, over the clients' relay. */
  readonly url: string;
  readonly apiKey: string;
  readonly replicas: readonly Unit[];
  /** As they were asked for. */
  readonly agents: readonly Unit[];
  /** Between each agent and the control planes. */
  readonly cables: readonly Relay[];
  readonly clients: Relay;
  /** Asks one replica alone. */
  clientOf(replica: number): Client;
  /** Process id of the server that runs now. */
  postgresPid(): number;
  /** Agents whose tunnel ends at this replica. */
  tunnelsOf(replica: number): number;
  /** True when it answers at `/readyz`. */
  isReady(replica: number): Promise<boolean>;
  log(name: string): string;
}

/** `product`: `casare-agent run` with its worker processes. `inside`: with its workers inside. */
export interface AgentKind {
  readonly program: 'product' | 'inside';
  /** Jobs at once. */
  readonly slots: number;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const READY_MS = 90_000;
const ASK_MS = 2_000;

/** Starts everything and returns when all agents are connected. */
export async function openInstallation(kinds: readonly AgentKind[]): Promise<Installation> {
  await using opened = new AsyncDisposableStack();
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-chaos-'));
  opened.defer(() => rm(home, { recursive: true, force: true }));
  // As root, the database runs as another user, who must pass through.
  await chmod(home, 0o711);
  const log = (name: string): string => path.join(home, `${name}.log`);
  const server = await startEmbeddedPostgres({
    ...{ dataDir: path.join(home, 'postgres'), logFile: log('postgres'), log: silentLog },
    // It is killed often, and each time started again at once.
    restarts: 1_000,
  });
  opened.defer(() => server.stop());
  const ports = await portsOf(REPLICAS);
  // Each begins with another replica, so that both have agents.
  const targets = (first: number): number[] => ports.map((_, index) => ports[(first + index) % ports.length]!.tunnel);
  const cables = await Promise.all(kinds.map((_, index) => startRelay(...targets(index))));
  const clients = await startRelay(...ports.map(({ web }) => web));
  opened.defer(async () => void (await Promise.all([...cables, clients].map((relay) => relay.close()))));
  const env = {
    ...process.env,
    ...{ CASARE_HOME: path.join(home, 'shared'), CASARE_DATABASE_URL: server.url, CASARE_HOST: '127.0.0.1' },
    ...{ CASARE_PUBLIC_WEB_URL: `http://127.0.0.1:${clients.port}`, CASARE_LOG_LEVEL: 'info' },
    // The first agent's; each is told its own below.
    CASARE_PUBLIC_TUNNEL_URL: `wss://127.0.0.1:${cables[0]!.port}`,
  };
  const replicas = ports.map(({ web, enrol, tunnel }, index) => {
    const own = { CASARE_WEB_PORT: `${web}`, CASARE_ENROL_PORT: `${enrol}`, CASARE_TUNNEL_PORT: `${tunnel}` };
    const name = `replica-${index}`;
    const script = 'control-plane/dist/cli/main.js';
    return new Unit({ name, script, args: ['up'], env: { ...env, ...own }, log: log(name) });
  });
  opened.defer(async () => void (await Promise.all(replicas.map((replica) => replica.close()))));
  const urlOf = (replica: number): string => `http://127.0.0.1:${ports[replica]!.web}`;
  const isReady = async (replica: number): Promise<boolean> =>
    fetch(`${urlOf(replica)}/readyz`, { signal: AbortSignal.timeout(ASK_MS) }).then(
      (response) => response.ok,
      () => false,
    );
  for (const index of replicas.keys()) await until(`replica ${index}`, READY_MS, () => isReady(index));
  const admin = await readFile(path.join(env.CASARE_HOME, 'admin.json'), 'utf8');
  const { apiKey } = JSON.parse(admin) as { apiKey: string };
  const clientOf = (replica: number): Client => createClient({ url: urlOf(replica), apiKey });
  const enrol = `https://127.0.0.1:${ports[0]!.enrol}`;
  const homes = await Promise.all(
    cables.map((cable, index) => enrolAgent(clientOf(0), enrol, path.join(home, `agent-${index}`), cable.port)),
  );
  const agents = homes.map((folder, index) =>
    startAgent(`agent-${index}`, folder, kinds[index]!, log(`agent-${index}`)),
  );
  opened.defer(async () => void (await Promise.all(agents.map((agent) => agent.close()))));
  await until('agents', READY_MS, async () => {
    const { items } = await clientOf(0).call(api.agents.list, {});
    return items.filter(({ connected }) => connected).length === kinds.length;
  });
  const all = opened.move();
  const interrupted = (): void => void all.disposeAsync().finally(() => process.exit(130));
  for (const signal of SIGNALS) process.once(signal, interrupted);
  all.defer(() => SIGNALS.forEach((signal) => process.removeListener(signal, interrupted)));
  return {
    ...{ home, apiKey, replicas, agents, cables, clients, clientOf, isReady, log },
    url: `http://127.0.0.1:${clients.port}`,
    postgresPid: () => server.pid,
    tunnelsOf: (replica) => cables.reduce((sum, cable) => sum + cable.openTo(ports[replica]!.tunnel), 0),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function portsOf(replicas: number): Promise<{ web: number; enrol: number; tunnel: number }[]> {
  const ports = await freePorts(replicas * 3);
  return Array.from({ length: replicas }, (_, index) => {
    const [web, enrol, tunnel] = ports.slice(index * 3) as [number, number, number];
    return { web, enrol, tunnel };
  });
}

/** Enrols an agent whose tunnel goes over `port`; answers its home. */
async function enrolAgent(client: Client, url: string, home: string, port: number): Promise<string> {
  const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
  await mkdir(home, { mode: 0o700 });
  const args = ['enrol', '--url', url, '--token', token, '--home', home, '--name', path.basename(home)];
  const log = `${home}.log`;
  const code = await startProgram('edge-agent/dist/cli/main.js', args, process.env, log).ended;
  if (code !== 0) throw new Error(`enrolment ended with ${code}: ${await readFile(log, 'utf8')}`);
  const file = path.join(home, 'identity.json');
  const identity = JSON.parse(readFileSync(file, 'utf8')) as { tunnelUrl: string };
  const tunnelUrl = identity.tunnelUrl.replace(/:\d+/, `:${port}`);
  writeFileSync(file, JSON.stringify({ ...identity, tunnelUrl }));
  return home;
}

function startAgent(name: string, home: string, { program, slots }: AgentKind, log: string): Unit {
  // No job here needs a browser, and trying one at every start costs more than all the rest.
  const env = { ...process.env, CASARE_BROWSER: '/nonexistent' };
  const product = { script: 'edge-agent/dist/cli/main.js', args: ['run', '--home', home, '--slots', `plain=${slots}`] };
  const inside = { script: 'test/chaos/agent.ts', args: [home, `${slots}`] };
  return new Unit({ name, env, log, ...(program === 'product' ? product : inside) });
}
