/**
 * Test support: the whole way of an agent on loopback, with a real database, real certificates and real TLS. Agents
 * enrol with a token and dial the tunnel as the product's agent does.
 */
import {
  createRequest,
  enrolClientOptions,
  findPinned,
  joinCredentialText,
  parseJoinToken,
  signEnrolProof,
  tunnelClientOptions,
  type JoinToken,
  type Signer,
} from '@casare/certs';
import { JoinTokenRequest } from '@casare/shared/api';
import type { ServerMessage } from '@casare/shared/protocol';
import { EnrolNonce, EnrolReply, SUBPROTOCOL, type AgentMessage } from '@casare/shared/protocol';
import { DiscoveryModule } from '@nestjs/core';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { expect, vi } from 'vitest';
import type { z } from 'zod';
import { WebSocket, type ClientOptions } from 'ws';
import { AccountsService, accountsModule, firstStart } from '../accounts/index.ts';
import { jobsHarness, type JobsHarness } from '../jobs/testing.ts';
import { LiveService } from '../live/index.ts';
import { systemClock, type Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { Carriers } from '../platform/edge/carriers.ts';
import { ownPort, type Entrance } from '../platform/edge/entrances.ts';
import type { Service } from '../platform/edge/services.decision.ts';
import { requestListenerFor, type OpenListener } from '../platform/http/listeners.ts';
import { createHttpApp } from '../platform/http/server.ts';
import { openHttpListener } from '../platform/http/web-listener.ts';
import { createIds } from '../platform/ids.ts';
import { createLog, silentLog } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import { isRefusal } from '../platform/refusal.ts';
import { createTrust, enrolNonceKey, gatewayHosts, trustModule, type Trust } from '../trust/index.ts';
import { signerForTests } from '../trust/testing.ts';
import { agentStates } from './agent-states.ts';
import { createFleet, fleetModule, type Fleet, type FleetOptions } from './fleet.module.ts';

export const TENANT = 'default';
export const by = { tenant: TENANT, actor: 'account:test' };

const FREE_PORT = ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' });
const FREE_PORTS = { web: FREE_PORT, enrol: FREE_PORT, tunnel: FREE_PORT };

/** An enrolled agent. */
export interface TestIdentity {
  readonly agentId: string;
  readonly privateKeyPem: string;
  readonly chainPem: string;
  readonly rootPem: string;
  readonly reply: EnrolReply;
}

/** A control plane's fleet on loopback. */
export interface Scene {
  readonly harness: JobsHarness;
  readonly trust: Trust;
  readonly fleet: Fleet;
  readonly ports: { readonly enrol: number; readonly tunnel: number; readonly web: number };
  /** An owner's API key. */
  readonly apiKey: string;
  /** Everything that was logged. */
  readonly logged: () => string;
  readonly masterKey: Buffer;
  token(options?: Partial<z.output<typeof JoinTokenRequest>>): Promise<string>;
  /** Makes a token and enrols with it. */
  agent(options?: { autoApprove?: boolean; tags?: string[] }): Promise<TestIdentity>;
  close(): Promise<void>;
}

/** How a fleet is to differ from the real one. */
export interface SceneOptions extends Pick<FleetOptions, 'limits' | 'bounds' | 'metrics'> {
  /** Of the fleet. */
  readonly clock?: Clock;
  /** Of the jobs: times of its own where a test cannot wait for the real ones. */
  readonly jobTimes?: Parameters<typeof jobsHarness>[0];
  /** Life of agents' certificates, seconds. */
  readonly leafSeconds?: number;
  /** False: no notification is sent or heard, as if all were lost. */
  readonly notify?: boolean;
  /** Ways in; a free port of its own for each unless said otherwise. */
  readonly entrances?: Readonly<Record<Service, Entrance>>;
  /** Instead of one in this process. */
  readonly signer?: Signer;
  /** Addresses that agents know it by, besides loopback. */
  readonly publicUrls?: readonly string[];
}

/** Opens the scene; limits and bounds as the test needs them. */
export async function openScene(given: SceneOptions = {}): Promise<Scene> {
  const {
    clock = systemClock,
    notify,
    entrances = FREE_PORTS,
    publicUrls = [],
    leafSeconds,
    jobTimes,
    ...options
  } = given;
  const harness = await jobsHarness(jobTimes);
  const db = notify === false ? deaf(harness.database.db) : harness.database.db;
  const lines: string[] = [];
  const log = createLog({ level: 'debug', name: 'test', destination: { write: (line) => void lines.push(line) } });
  const masterKey = randomBytes(32);
  const hosts = gatewayHosts('127.0.0.1', publicUrls);
  const signer = given.signer ?? signerForTests(masterKey, hosts);
  const nonceKey = await enrolNonceKey(signer);
  const base = { db, clock: systemClock, ids: createIds(systemClock), log, signer, nonceKey, hosts };
  const live = new LiveService(db);
  const trust = createTrust({
    ...{ ...base, live, agents: agentStates(systemClock) },
    ...(leafSeconds === undefined ? {} : { leafSeconds }),
  });
  await trust.start();
  await harness.jobs.start();
  const ports = { enrol: 0, tunnel: 0, web: 0 };
  const tunnelUrl = () => `wss://127.0.0.1:${ports.tunnel}`;
  const fleet = createFleet({ ...base, ...options, clock, live, trust, jobs: harness.jobs, tunnelUrl });
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-fleet-'));
  const admin = await firstStart({ ...base, database: db, home, url: 'http://127.0.0.1' });
  const accounts = accountsModule(
    new AccountsService(db, systemClock, () => Promise.resolve(new Uint8Array(32))),
    'http://127.0.0.1',
  );
  const module = { module: class {}, imports: [DiscoveryModule, accounts, trustModule(trust), fleetModule(fleet)] };
  const app = await createHttpApp(module, {
    ...{ log, metrics: new Metrics(), checks: [], https: false, consoleFiles: '/nonexistent' },
    webSockets: fleet.adapter,
  });
  const carriers = new Carriers(log);
  const agents = {
    enrol: carriers.beside(entrances.enrol, 'enrol'),
    tunnel: carriers.beside(entrances.tunnel, 'tunnel'),
  };
  Object.assign(ports, await fleet.start(requestListenerFor(app, 'enrol'), agents));
  const web: OpenListener = await openHttpListener(requestListenerFor(app, 'web'), entrances.web, { carriers });
  ports.web = web.port;
  const scene: Scene = {
    ...{ harness, trust, fleet, ports, masterKey, apiKey: admin.apiKey },
    logged: () => lines.join(''),
    async token(wanted = {}) {
      const made = await trust.joinTokens.create(by, JoinTokenRequest.parse({ autoApprove: true, ...wanted }));
      if (isRefusal(made)) throw new Error(made.code);
      return made.token;
    },
    async agent(wanted = {}) {
      return enrol(scene, await scene.token(wanted));
    },
    async close() {
      await fleet.stop();
      await web.close(0);
      await app.close();
      await harness.jobs.stop();
      await trust.stop();
      await harness.close();
      await rm(home, { recursive: true, force: true });
    },
  };
  return scene;
}

/** A second replica on the same database, without Nest and without an enrol listener of its own use. */
export async function openReplica(
  scene: Scene,
  { clock = systemClock, notify, ...options }: SceneOptions = {},
): Promise<{ scene: Scene; stop(): Promise<void> }> {
  const { harness, trust } = scene;
  const nonceKey = await enrolNonceKey(trust.signer);
  const db = notify === false ? deaf(harness.database.db) : harness.database.db;
  const ports = { ...scene.ports };
  const fleet = createFleet({
    ...{ ...options, db, clock, ids: createIds(systemClock), log: silentLog, nonceKey, trust },
    ...{ live: new LiveService(db), jobs: harness.jobs, hosts: gatewayHosts('127.0.0.1', []) },
    tunnelUrl: () => `wss://127.0.0.1:${ports.tunnel}`,
  });
  fleet.tunnel.onTunnel((socket, peer) => fleet.sessions.begin(socket, peer));
  ports.tunnel = (await fleet.start((_, response) => void response.end(), FREE_PORTS)).tunnel;
  return { scene: { ...scene, fleet, ports }, stop: () => fleet.stop() };
}

/** The same database, with every notification lost. */
function deaf(db: Database): Database {
  return { ...db, notify: () => undefined, listen: () => Promise.resolve({ close: () => Promise.resolve() }) };
}

/** A clock that runs, moved by `ms`. */
export function movedClock(ms: number): Clock {
  return { now: () => new Date(Date.now() + ms), monotonicMs: () => performance.now() };
}

/** Posts to the enrol listener, trusting the pinned root only. */
export async function post(
  scene: Scene,
  url: string,
  body: unknown,
  tls: ConnectionOptions = {},
): Promise<{ status: number; body: unknown }> {
  const [root = ''] = scene.trust.gateway.presented.anchors;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const options = {
      ...enrolClientOptions('127.0.0.1', root),
      ...tls,
      headers,
      method: 'POST',
      agent: false as const,
    };
    const sending = request(`https://127.0.0.1:${scene.ports.enrol}${url}`, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, body: answer === '' ? null : JSON.parse(answer) });
      });
    });
    sending.on('error', reject);
    sending.end(text);
  });
}

/** A request that would enrol: a new key unless one is given, a fresh nonce, a proof. */
export async function enrolRequest(scene: Scene, token: string, key?: Awaited<ReturnType<typeof createRequest>>) {
  const parsed = parseJoinToken(token);
  if (!parsed.ok) throw new Error(parsed.code);
  const made = key ?? (await createRequest());
  const { nonce } = EnrolNonce.parse((await post(scene, '/enrol/nonce', {})).body);
  return {
    key: made,
    pinned: parsed.value,
    body: {
      token: joinCredentialText(parsed.value),
      nonce,
      csr: Buffer.from(made.csr).toString('base64'),
      proof: signEnrolProof(made.privateKeyPem, nonce, made.csr),
      name: 'test agent',
      hostname: 'test-host',
      declared: ['team=blue'],
    },
  };
}

/** Enrols; throws when it is refused. */
export async function enrol(
  scene: Scene,
  token: string,
  key?: Awaited<ReturnType<typeof createRequest>>,
): Promise<TestIdentity> {
  const made = await enrolRequest(scene, token, key);
  const answer = await post(scene, '/enrol', made.body);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return identityOf(EnrolReply.parse(answer.body), made.key.privateKeyPem, made.pinned);
}

function identityOf(reply: EnrolReply, privateKeyPem: string, token: JoinToken): TestIdentity {
  const rootPem = findPinned(reply.serverRoots, token.pin);
  if (rootPem === null) throw new Error('the reply does not hold the pinned root');
  return { agentId: reply.agentId, privateKeyPem, chainPem: reply.certificateChain, rootPem, reply };
}

/** One WebSocket of an agent, with everything it was sent. */
export class TestTunnel {
  readonly socket: WebSocket;
  readonly received: ServerMessage[] = [];
  /** Settles with the close code, or the HTTP status of a refused upgrade, or the error's code. */
  readonly ended: Promise<number | string>;
  readonly opened: Promise<boolean>;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.received.push(JSON.parse((data as Buffer).toString()) as ServerMessage));
    this.ended = new Promise((resolve) => {
      socket.on('close', (code) => resolve(code));
      socket.on('error', (error) => {
        const status = /Unexpected server response: (\d+)/.exec(error.message)?.[1];
        resolve(status === undefined ? ((error as NodeJS.ErrnoException).code ?? error.message) : Number(status));
      });
    });
    this.opened = new Promise((resolve) => {
      socket.on('open', () => resolve(true));
      void this.ended.then(() => resolve(false));
    });
  }

  send(message: AgentMessage | string | Uint8Array): void {
    this.socket.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message));
  }

  /** The first message of a type, now or soon. */
  next<Type extends ServerMessage['type']>(
    type: Type,
    which: (message: Extract<ServerMessage, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<ServerMessage, { type: Type }>> {
    return vi.waitFor(() => {
      const found = this.received.find((message) => message.type === type && which(message as never));
      expect(found, `a message ${type}`).toBeDefined();
      return found as never;
    }, 10_000);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.ended;
  }
}

/** Dials the tunnel as an agent does. */
export function dial(scene: Scene, identity: TestIdentity, more: ClientOptions & { path?: string } = {}): TestTunnel {
  const { path: at = '/tunnel', ...options } = more;
  // ws declares its own, narrower type of what it hands to node:tls.
  const tls: unknown = tunnelClientOptions(identity, '127.0.0.1', [identity.rootPem]);
  const socket = new WebSocket(`wss://127.0.0.1:${scene.ports.tunnel}${at}`, [SUBPROTOCOL], {
    ...(tls as ClientOptions),
    perMessageDeflate: false,
    ...options,
  });
  return new TestTunnel(socket);
}

/** The agent's identity with the certificate that a renewal gave for `key`. */
export function renewed(identity: TestIdentity, key: { privateKeyPem: string }, chainPem: string): TestIdentity {
  return { ...identity, privateKeyPem: key.privateKeyPem, chainPem };
}

/** Asks for the next certificate over a live tunnel. */
export async function renewOver(
  tunnel: TestTunnel,
  key?: Awaited<ReturnType<typeof createRequest>>,
): Promise<{ key: Awaited<ReturnType<typeof createRequest>>; chain: string; generation: number }> {
  const made = key ?? (await createRequest());
  const before = tunnel.received.length;
  tunnel.send({ type: 'certificate.renew', csr: Buffer.from(made.csr).toString('base64') });
  const answer = await vi.waitFor(() => {
    const found = tunnel.received
      .slice(before)
      .find(({ type }) => type === 'certificate.issued' || type === 'certificate.refused');
    expect(found, 'an answer to certificate.renew').toBeDefined();
    return found!;
  }, 10_000);
  if (answer.type !== 'certificate.issued') throw new Error(JSON.stringify(answer));
  return { key: made, chain: answer.chain, generation: answer.generation };
}

/** A `hello` of an agent with two plain slots. */
export function hello(more: Partial<Extract<AgentMessage, { type: 'hello' }>> = {}): AgentMessage {
  return {
    type: 'hello',
    protocol: 1,
    instance: randomUUID(),
    epoch: 1,
    facts: { hostname: 'test-host', os: 'linux', arch: 'x64', agentVersion: '0.1.0', nodeVersion: '24' },
    capabilities: ['os=linux'],
    declared: [],
    slots: { plain: 2, browser: 0, desktop: 0 },
    runs: [],
    ...more,
  };
}

/** Dials and greets; resolves when welcomed. */
export async function connect(
  scene: Scene,
  identity: TestIdentity,
  more: Partial<Extract<AgentMessage, { type: 'hello' }>> = {},
  options: ClientOptions = {},
): Promise<TestTunnel> {
  const tunnel = dial(scene, identity, options);
  if (!(await tunnel.opened)) throw new Error(`the tunnel did not open: ${await tunnel.ended}`);
  tunnel.send(hello(more));
  const ended = tunnel.ended.then((code) => Promise.reject(new Error(`the tunnel ended with ${code}`)));
  await Promise.race([tunnel.next('welcome'), ended]);
  return tunnel;
}
