/**
 * A whole installation for end-to-end tests: control plane with its embedded Postgres, an agent and the example
 * portal as real processes on loopback, in a home of their own. Everything that was started is ended, by pid.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Artifact, Job, Step } from '@casare/shared/api';
import { api, createClient, followEvents, type Client, type FollowItem } from '@casare/shared/client';
import { heldToDocument } from '../../control-plane/src/platform/http/testing-document.ts';
import { startPortal } from '../../docs/examples/supplier-portal/server.ts';
import type { Gate } from './gate.ts';
import { freePorts, startRelay, type Relay } from './ports.ts';
import { ROOT, startProgram, type Program } from './program.ts';

type Portal = Awaited<ReturnType<typeof startPortal>>;

/** What a test sees of the installation. */
export interface Stack {
  readonly home: string;
  /** What the next control plane and agent are started with. */
  readonly env: NodeJS.ProcessEnv;
  readonly url: string;
  /** Where agents enrol. */
  readonly enrolUrl: string;
  readonly apiKey: string;
  readonly client: Client;
  readonly portal: Portal;
  /** Between the agent and the tunnel listener. */
  readonly relay: Relay;
  controlPlane: Program;
  agent: Program;
  /** Process id of the Postgres server that runs now. */
  postgresPid(): Promise<number>;
  startControlPlane(): Promise<void>;
  startAgent(): Promise<void>;
  /** Submits the example workflow, for an agent with what it `requires`. */
  submit(input?: Record<string, string>, requires?: readonly string[]): Promise<Job>;
  /** Live events from now on, of one job when given. */
  follow(signal: AbortSignal, job?: string): AsyncGenerator<FollowItem>;
  /** Resolves when the job is over. */
  over(job: string, withinMs?: number): Promise<Job>;
  steps(job: string): Promise<Step[]>;
  files(job: string): Promise<Artifact[]>;
  bytes(artifact: string): Promise<Buffer>;
  stop(): Promise<void>;
}

export const MONTH = '2026-10';
const WORKFLOW = path.join(ROOT, 'docs/examples/supplier-portal/download-invoices.yaml');
const OVER: readonly string[] = ['succeeded', 'failed', 'timed_out', 'cancelled', 'needs_review'];

/** Starts everything; the agent is enrolled through its relay and approved by its token. */
export async function startStack(gate: Gate): Promise<Stack> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-e2e-'));
  // As root, the database runs as another user, who must pass through.
  await chmod(home, 0o711);
  const [web, enrol, tunnel] = (await freePorts(3)) as [number, number, number];
  const relay = await startRelay(tunnel);
  const portal = await startPortal({ flaky: false, beforeDownload: () => gate.pass() });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    CASARE_HOME: home,
    CASARE_WEB_PORT: String(web),
    CASARE_ENROL_PORT: String(enrol),
    CASARE_TUNNEL_PORT: String(tunnel),
    CASARE_PUBLIC_TUNNEL_URL: `wss://127.0.0.1:${relay.port}/tunnel`,
  };
  const url = `http://127.0.0.1:${web}`;
  const enrolUrl = `https://127.0.0.1:${enrol}`;
  const log = (name: string): string => path.join(home, `${name}.log`);
  const startControlPlane = async (): Promise<Program> => {
    const program = startProgram('control-plane/dist/cli/main.js', ['up'], env, log('control-plane'));
    await until(
      'the control plane',
      180_000,
      async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok ?? false,
    );
    return program;
  };
  await writeFile(
    path.join(home, 'secrets.yaml'),
    'supplierPortal: { username: buyer@example.com, password: correct horse }\n',
    { mode: 0o600 },
  );
  const controlPlane = await startControlPlane();
  const { apiKey } = JSON.parse(await readFile(path.join(home, 'admin.json'), 'utf8')) as { apiKey: string };
  const client = createClient({ url, apiKey, fetch: heldToDocument() });
  const agentHome = path.join(home, 'agent');
  await enrolAgent(client, enrolUrl, agentHome, env, log('enrol'));
  const startAgent = async (): Promise<Program> => {
    const program = startProgram('edge-agent/dist/cli/main.js', ['run', '--home', agentHome], env, log('agent'));
    await until('the agent', 180_000, async () =>
      (await client.call(api.agents.list, {})).items.some((a) => a.connected),
    );
    return program;
  };
  const stack: Stack = {
    home,
    env,
    url,
    enrolUrl,
    apiKey,
    client,
    portal,
    relay,
    controlPlane,
    agent: await startAgent(),
    postgresPid: () => postgresPid(home),
    async startControlPlane() {
      this.controlPlane = await startControlPlane();
    },
    async startAgent() {
      this.agent = await startAgent();
    },
    async submit(input = {}, requires = []) {
      const body = await readFile(WORKFLOW, 'utf8');
      const { id } = await client.call(api.workflows.push, { body, mediaType: 'application/yaml' });
      return client.call(api.jobs.submit, {
        body: { workflow: id, input: { portalUrl: portal.url, month: MONTH, ...input }, requires: [...requires] },
      });
    },
    follow: (signal, job) => followEvents({ url, apiKey, signal, ...(job === undefined ? {} : { job }) }),
    over: (job, withinMs = 90_000) =>
      until(`job ${job}`, withinMs, async () => {
        const found = await client.call(api.jobs.get, { params: { id: job } }).catch(() => null);
        return found && OVER.includes(found.state) ? found : false;
      }),
    steps: async (job) => (await client.call(api.jobs.steps, { params: { id: job }, query: { limit: 200 } })).items,
    files: async (job) => (await client.call(api.jobs.artifacts, { params: { id: job }, query: { limit: 200 } })).items,
    bytes: async (id) => Buffer.from(await (await client.call(api.artifacts.get, { params: { id } })).arrayBuffer()),
    async stop() {
      await this.agent.end();
      await this.controlPlane.end();
      await relay.close();
      await portal.close();
      await rm(home, { recursive: true, force: true });
    },
  };
  return stack;
}

async function enrolAgent(
  client: Client,
  url: string,
  home: string,
  env: NodeJS.ProcessEnv,
  log: string,
): Promise<void> {
  const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
  const args = ['enrol', '--url', url, '--token', token, '--home', home, '--name', 'e2e'];
  const code = await startProgram('edge-agent/dist/cli/main.js', args, env, log).ended;
  if (code !== 0) throw new Error(`enrolment ended with ${code}: ${await readFile(log, 'utf8')}`);
}

/** The first line of `postmaster.pid`. */
async function postgresPid(home: string): Promise<number> {
  const file = path.join(home, 'postgres', 'data', 'postmaster.pid');
  if (existsSync(file)) return Number((await readFile(file, 'utf8')).split('\n')[0]);
  throw new Error(`Postgres does not run in ${home}`);
}

/** Asks until the answer is not false. */
export async function until<T>(what: string, withinMs: number, ask: () => Promise<T | false>): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1_000} s`);
    await pause(50);
  }
}
