/** An agent without its service: the supervisor and its workers, an outbox, and a real tunnel to the test peer. */
import { join } from 'node:path';
import { RunAudit } from '../audit/index.ts';
import { systemClock } from '../clock.ts';
import { agentHome, makeHome } from '../identity/index.ts';
import type { TestPki } from '../identity/pki-for-tests.ts';
import { Network } from '../network/index.ts';
import { Outbox } from '../outbox/index.ts';
import { PolicyGate, policyPlace, withhold } from '../policy/index.ts';
import type { LocalSecrets } from '../secrets/index.ts';
import { Tunnel } from '../tunnel/index.ts';
import type { ProtocolPeer } from '../tunnel/protocol-peer-for-tests.ts';
import type { HostedWorkers, Place } from '../worker-host/index.ts';
import { ArtifactIntake, RunFolders, Supervisor, WorkerPool } from './index.ts';

export interface TestAgent {
  readonly outbox: Outbox;
  readonly supervisor: Supervisor;
  readonly tunnel: Tunnel;
  readonly folder: string;
  readonly logged: readonly string[];
  /** What the audit log says, by name. */
  readonly audited: readonly string[];
  free: number;
  /** As kill -9 would leave things: no goodbye, no clean stop of workers. */
  vanish(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestAgentOptions {
  /** The program of its workers. */
  readonly module: URL;
  /** Its home. */
  readonly folder: string;
  readonly pki: TestPki;
  readonly peer: ProtocolPeer;
  readonly localSecrets?: LocalSecrets;
  /** What forked workers get besides. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Workers that hosts start, in the place of those that it would fork. */
  readonly hosted?: { readonly workers: HostedWorkers; readonly place: Place } | undefined;
}

/** Starts one, on what an earlier one left in the folder. */
export function startTestAgent(options: TestAgentOptions): TestAgent {
  const { module, folder, pki, peer, localSecrets, hosted } = options;
  const home = agentHome(folder, {});
  makeHome(home);
  const outbox = Outbox.open({ file: home.outbox });
  const state = { free: 1e12 };
  const freeBytes = (): number => state.free;
  const clock = systemClock;
  const intake = new ArtifactIntake({
    outbox,
    spool: home.spool,
    clock,
    freeBytes,
    minFreeBytes: 1,
    maxSpoolBytes: 1e9,
    ...(hosted === undefined ? {} : { isWorkers: (uid: number) => hosted.workers.isWorkers(uid) }),
  });
  const logged: string[] = [];
  const audited: string[] = [];
  const log = (_: string, message: string): void => void logged.push(message);
  const launch = { module, environment: { CASARE_HOME: home.root, ...options.environment }, log };
  const forked = new WorkerPool(launch, { PATH: process.env['PATH'], CASARE_CANARY: 'must-not-be-inherited' });
  const pool = hosted?.workers ?? forked;
  const sharing = { empty: (jobId: string) => hosted?.workers.emptyRun(jobId) ?? Promise.resolve() };
  const policy = new PolicyGate(policyPlace(undefined, folder, join(folder, 'system-policy.yaml')));
  const supervisor: Supervisor = new Supervisor({
    outbox,
    pool,
    intake,
    folders: hosted === undefined ? new RunFolders(home.runs) : new RunFolders(hosted.place.runs, sharing),
    policy,
    audit: new RunAudit({
      log: { add: ({ action }) => audited.push(action) },
      policy,
      journal: (key) => outbox.journal(key),
    }),
    ...(localSecrets === undefined ? {} : { localSecrets, secretSources: [localSecrets.source] }),
    clock,
    slots: () => ({ plain: 1, browser: 0, desktop: 0 }),
    freeBytes,
    minFreeBytes: 1_000,
    log,
    tunnel: {
      send: (message) => tunnel.send(message),
      wake: (key) => tunnel.wake(key),
      forget: (key) => tunnel.forget(key),
    },
  });
  const facts = { hostname: 'h', os: 'o', arch: 'a', agentVersion: '0', nodeVersion: '24' };
  const slots = { plain: 1, browser: 0, desktop: 0 };
  const tunnel: Tunnel = new Tunnel({
    network: new Network(join(folder, 'network.json'), {}),
    url: () => peer.url,
    tls: pki.clientTls,
    outbox,
    pathOf: (artifactId) => intake.pathOf(artifactId),
    leaving: (event) => withhold(policy.held.policy, event),
    clock,
    random: () => 0,
    port: {
      greeting: () => ({
        instance: pki.agentId,
        epoch: 1,
        facts,
        capabilities: [],
        declared: [],
        slots,
        runs: supervisor.heldRuns(),
      }),
      trust: () => undefined,
      stayed: () => undefined,
      welcomed: (verdicts) => supervisor.welcomed(verdicts),
      assigned: (message) => supervisor.assigned(message),
      cancelled: (message) => supervisor.cancelled(message),
      paused: (message) => supervisor.paused(message),
      fenced: (message) => supervisor.fenced(message),
      acknowledged: (key, seq) => supervisor.acknowledged(key, seq),
      stored: (artifactId) => supervisor.stored(artifactId),
      refused: (artifactId, code, reason) => supervisor.refused(artifactId, code, reason),
      renewed: (sentAt, leaseMs) => supervisor.renewed(sentAt, leaseMs),
      changed: (state) => (state === 'waiting' ? supervisor.disconnected() : undefined),
    },
  });
  supervisor.recover();
  tunnel.start();
  let over = false;
  return {
    outbox,
    supervisor,
    tunnel,
    folder,
    logged,
    audited,
    set free(bytes: number) {
      state.free = bytes;
    },
    async vanish() {
      over = true;
      supervisor.halt();
      await supervisor.stop();
      await Promise.all([tunnel.stop(), pool.stop()]);
      outbox.close();
    },
    async stop() {
      if (over) return;
      over = true;
      await supervisor.stop();
      await Promise.all([tunnel.stop(), pool.stop()]);
      outbox.close();
    },
  };
}
