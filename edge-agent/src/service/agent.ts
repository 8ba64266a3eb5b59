/**
 * The agent: identity, outbox, workers and tunnel, composed. One per home (the outbox is locked exclusively).
 * Everything it starts it stops; runs that are under way at a stop stay in the outbox and go on at the next start.
 */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:net';
import { CLOSE, type Slots } from '@casare/shared/protocol';
import { browserCapabilities, type BrowserProbe, probeBrowser } from '../browser/index.ts';
import type { Clock } from '../clock.ts';
import { describe } from '../fault.ts';
import {
  type AgentHome,
  certificateTimes,
  makeHome,
  readIdentity,
  tunnelTls,
  verifyPermissions,
  writeWhole,
} from '../identity/index.ts';
import { wayText } from '../network/index.ts';
import { Outbox } from '../outbox/index.ts';
import { ArtifactIntake, RunFolders, Supervisor, WorkerPool } from '../runner/index.ts';
import { Tunnel, type TunnelDetail, type TunnelPort, type TunnelState } from '../tunnel/index.ts';
import { LateRenewal } from './late-renewal.ts';
import { type Log, type LogLevel, openLog } from './log.ts';
import { agentVersion, freeBytes, machineFacts, platformCapabilities } from './machine.ts';
import { serveStatus, type Status } from './status.ts';

const MIN_FREE_BYTES = 134_217_728;
const MAX_SPOOL_BYTES = 4_294_967_296;

export interface AgentOptions {
  readonly home: AgentHome;
  readonly environment: NodeJS.ProcessEnv;
  readonly slots: Slots;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logLevel: LogLevel;
  /** Shows a line to a person. */
  readonly print: (line: string) => void;
  /** The control plane admits this agent no more, and will not again. */
  readonly onGone?: () => void;
  /** What a worker process runs; the product's own worker when absent. */
  readonly workerModule?: URL;
}

/** A running agent. */
export interface Agent {
  status(): Status;
  /** Clean stop, within ten seconds. */
  stop(): Promise<void>;
}

/** Starts the agent of a home. Throws a Fault: NOT_ENROLLED, HOME_UNSAFE, AGENT_RUNNING, OUTBOX_DAMAGED. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { home } = options;
  readIdentity(home);
  verifyPermissions(home);
  makeHome(home);
  const log = openLog(home.logs, options.logLevel, options.print);
  const agent = new RunningAgent(options, log, Outbox.open({ file: home.outbox }));
  await agent.start();
  return agent;
}

class RunningAgent implements Agent {
  readonly #options: AgentOptions;
  readonly #log: Log;
  readonly #outbox: Outbox;
  readonly #lateRenewal: LateRenewal;
  readonly #instance = randomUUID();
  readonly #epoch: number;
  readonly #startedAt: string;
  readonly #pool: WorkerPool;
  readonly #supervisor: Supervisor;
  readonly #tunnel: Tunnel;
  #identity: ReturnType<typeof readIdentity>;
  #browser: BrowserProbe | null = null;
  #greetedBrowser: BrowserProbe | null = null;
  #server: Server | null = null;
  #tunnelSince: string;
  #why: string | undefined;

  constructor(options: AgentOptions, log: Log, outbox: Outbox) {
    this.#options = options;
    this.#log = log;
    this.#outbox = outbox;
    this.#identity = readIdentity(options.home);
    this.#epoch = outbox.nextEpoch();
    this.#startedAt = this.#time();
    this.#tunnelSince = this.#startedAt;
    this.#pool = this.#makePool();
    const intake = this.#makeIntake();
    this.#supervisor = this.#makeSupervisor(intake);
    this.#lateRenewal = new LateRenewal({
      home: options.home,
      clock: options.clock,
      log,
      onRenewed: () => (this.#identity = readIdentity(options.home)),
      onGone: () => options.onGone?.(),
      onLocked: () => this.#supervisor.halt(),
    });
    this.#tunnel = new Tunnel({
      network: options.home.network,
      url: () => this.#identity.tunnelUrl,
      prepare: () => this.#lateRenewal.prepare(),
      tls: () => tunnelTls(options.home, this.#identity.tunnelUrl),
      port: this.#port(),
      outbox,
      pathOf: (artifactId) => intake.pathOf(artifactId),
      clock: options.clock,
      random: options.random,
    });
  }

  async start(): Promise<void> {
    const { name, agentId, tunnelUrl } = this.#identity;
    this.#log('info', `agent ${name} (${agentId}) starts, tunnel ${tunnelUrl}, ${this.#wayOut()}`);
    this.#supervisor.recover();
    this.#server = await serveStatus(this.#options.home, () => this.status()).catch((error: unknown) => {
      this.#log('warn', `no status socket: ${describe(error)}`);
      return null;
    });
    this.#pool.warm();
    this.#tunnel.start();
    void this.#probe();
  }

  status(): Status {
    const { home, clock } = this.#options;
    const { agentId, tenant, name, tunnelUrl } = this.#identity;
    const now = clock.now().wall;
    return {
      agentId,
      tenant,
      name,
      version: agentVersion(),
      pid: process.pid,
      startedAt: this.#startedAt,
      tunnel: {
        state: this.#tunnel.state,
        since: this.#tunnelSince,
        url: tunnelUrl,
        ...(this.#why === undefined ? {} : { why: this.#why }),
      },
      network: this.#wayOut(),
      leased: this.#supervisor.leased(),
      slots: this.#slots(),
      capabilities: this.#capabilities(),
      browser: this.#browser === null ? 'being tried' : (this.#browser.version ?? `none: ${this.#browser.why ?? ''}`),
      certificateUntil: new Date(now + certificateTimes(home, now).untilEndMs).toISOString(),
      running: this.#supervisor
        .activeRuns()
        .map(({ jobId, attempt, workflow }) => ({ jobId, attempt, workflow: workflow.name })),
      heldRuns: this.#outbox.runs().length,
    };
  }

  #wayOut(): string {
    try {
      return wayText(this.#options.home.network.wayTo(new URL(this.#identity.tunnelUrl)));
    } catch (error) {
      return describe(error);
    }
  }

  async stop(): Promise<void> {
    this.#log('info', 'stopping');
    await this.#supervisor.stop();
    await Promise.all([this.#tunnel.stop(), this.#pool.stop()]);
    this.#keepStatus();
    this.#server?.close();
    this.#outbox.close();
    this.#log('info', 'stopped');
  }

  #port(): TunnelPort {
    const supervisor = this.#supervisor;
    return {
      greeting: () => {
        this.#greetedBrowser = this.#browser;
        return {
          instance: this.#instance,
          epoch: this.#epoch,
          facts: machineFacts(),
          capabilities: this.#capabilities(),
          declared: this.#identity.declared,
          slots: this.#slots(),
          runs: supervisor.heldRuns(),
        };
      },
      welcomed: (verdicts) => supervisor.welcomed(verdicts),
      assigned: (message) => supervisor.assigned(message),
      cancelled: (message) => supervisor.cancelled(message),
      fenced: (message) => supervisor.fenced(message),
      acknowledged: (key, seq) => supervisor.acknowledged(key, seq),
      stored: (artifactId) => supervisor.stored(artifactId),
      refused: (artifactId, code, reason) => supervisor.refused(artifactId, code, reason),
      trust: (message) => this.#log('debug', `${message.type} is not acted upon`),
      renewed: (sentAt, leaseMs) => supervisor.renewed(sentAt, leaseMs),
      changed: (state, detail) => this.#changed(state, detail),
    };
  }

  #changed(state: TunnelState, detail: TunnelDetail): void {
    this.#tunnelSince = this.#time();
    this.#why = detail.why;
    if (state === 'live') this.#connected();
    if (state === 'draining') this.#log('info', 'the gateway is going away: connecting again soon');
    if (state === 'waiting') this.#lost(detail);
    if (state === 'waiting' || state === 'stopped') this.#supervisor.disconnected();
    if (state === 'live' || state === 'waiting') this.#keepStatus();
  }

  #connected(): void {
    this.#log('info', 'connected');
    // the probe may have ended between hello and welcome
    if (this.#greetedBrowser !== this.#browser) this.#tellCapabilities();
  }

  #lost(detail: TunnelDetail): void {
    this.#lateRenewal.ended(detail);
    const hint = detail.closeCode === undefined ? undefined : HINTS[detail.closeCode];
    const seconds = ((detail.retryInMs ?? 0) / 1_000).toFixed(1);
    this.#log('warn', `not connected: ${hint ?? detail.why ?? 'unknown'}; next try in ${seconds} s`);
    if (detail.closeCode === CLOSE.locked) this.#supervisor.halt();
    if (detail.closeCode === CLOSE.notAdmitted) this.#options.onGone?.();
  }

  async #probe(): Promise<void> {
    const { environment, home } = this.#options;
    this.#browser = await probeBrowser({ home: home.root, env: environment, platform: process.platform });
    const { ok, version, why } = this.#browser;
    this.#log(ok ? 'info' : 'warn', ok ? `browser: Chromium ${version}` : `no browser jobs: ${why}`);
    if (ok && why !== null) this.#log('warn', why);
    this.#tellCapabilities();
  }

  #tellCapabilities(): void {
    this.#tunnel.send({ type: 'capabilities', capabilities: this.#capabilities(), slots: this.#slots() });
  }

  #capabilities(): string[] {
    return [...platformCapabilities(), ...(this.#browser === null ? [] : browserCapabilities(this.#browser))];
  }

  /** Without a proved browser there is no browser slot. */
  #slots(): Slots {
    const { slots } = this.#options;
    return this.#browser?.ok === true ? slots : { ...slots, browser: 0 };
  }

  #makePool(): WorkerPool {
    const { environment, home, workerModule } = this.#options;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const named = environment['CASARE_BROWSER'];
    return new WorkerPool(
      {
        module: workerModule ?? new URL(`../runner/worker.${extension}`, import.meta.url),
        environment: { CASARE_HOME: home.root, ...(named === undefined ? {} : { CASARE_BROWSER: named }) },
        log: this.#log,
      },
      environment,
    );
  }

  #makeIntake(): ArtifactIntake {
    const { home, clock } = this.#options;
    return new ArtifactIntake({
      outbox: this.#outbox,
      spool: home.spool,
      clock,
      freeBytes: () => freeBytes(home.root),
      minFreeBytes: MIN_FREE_BYTES / 2,
      maxSpoolBytes: MAX_SPOOL_BYTES,
    });
  }

  #makeSupervisor(intake: ArtifactIntake): Supervisor {
    const { home, clock } = this.#options;
    return new Supervisor({
      outbox: this.#outbox,
      pool: this.#pool,
      intake,
      folders: new RunFolders(home.runs),
      clock,
      // a run that only waits for the probe is not refused
      slots: () => this.#options.slots,
      freeBytes: () => freeBytes(home.root),
      minFreeBytes: MIN_FREE_BYTES,
      log: this.#log,
      tunnel: {
        send: (message) => this.#tunnel.send(message),
        wake: (key) => this.#tunnel.wake(key),
        forget: (key) => this.#tunnel.forget(key),
      },
    });
  }

  #keepStatus(): void {
    try {
      writeWhole(this.#options.home.status, `${JSON.stringify(this.status(), null, 2)}\n`);
    } catch (error) {
      this.#log('debug', `status.json: ${describe(error)}`);
    }
  }

  #time(): string {
    return new Date(this.#options.clock.now().wall).toISOString();
  }
}

const HINTS: Readonly<Record<number, string>> = {
  [CLOSE.notAdmitted]: 'the control plane does not admit this agent: is it approved, and not decommissioned?',
  [CLOSE.replaced]: 'another agent with the same identity took over: stop one of the two',
  [CLOSE.certificateExpired]: 'the certificate has expired: it is renewed over the enrol listener',
  [CLOSE.certificateRetired]: 'the CA of the certificate was retired: it is renewed over the enrol listener',
  [CLOSE.locked]: 'this agent is locked: ask who is responsible for security',
};
