/**
 * The agent: identity, outbox, workers and tunnel, composed. One per home (the outbox is locked exclusively).
 * Everything it starts it stops; runs that are under way at a stop stay in the outbox and go on at the next start.
 */
import type { Server } from 'node:net';
import type { Slots } from '@casare/shared/protocol';
import { sealingFingerprint, type SealingKeyPair } from '@casare/shared/sealing';
import { AuditLog, RunAudit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { describe } from '../fault.ts';
import {
  type AgentHome,
  certificateTimes,
  heldBundle,
  keyFiles,
  keyStorage,
  makeHome,
  protectKeyFiles,
  readIdentity,
  verifyPermissions,
  writeWhole,
} from '../identity/index.ts';
import { wayText } from '../network/index.ts';
import { Outbox } from '../outbox/index.ts';
import { type PolicyGate, withhold } from '../policy/index.ts';
import { ArtifactIntake, RunFolders, Supervisor, WorkerPool, type WorkerSource } from '../runner/index.ts';
import { LocalSecrets, openSealedSecrets, readProviderSettings, sealingKey } from '../secrets/index.ts';
import type { TunnelDetail, TunnelState } from '../tunnel/index.ts';
import { HostedWorkers, placeOf } from '../worker-host/index.ts';
import { type Abilities, HostedAbilities, OwnAbilities } from './abilities.ts';
import { openPolicy, policyText, tellPolicy } from './agent-policy.ts';
import { type Log, type LogLevel, openLog } from './log.ts';
import {
  agentVersion,
  freeBytes,
  machineFacts,
  MAX_SPOOL_BYTES,
  MIN_FREE_BYTES,
  platformCapabilities,
} from './machine.ts';
import { type LastError, remembering } from './last-error.ts';
import { serveStatus, type Status } from './status.ts';
import { ToldAbilities } from './told-abilities.ts';
import { Uplink } from './uplink.ts';

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
  /** Gets the lines of the log in place of `logs/agent.log` and of `print`. */
  readonly keepLog?: ((line: string) => void) | undefined;
  /** The file of the agent's own policy, where it was named. */
  readonly policy?: string | undefined;
  /** The control plane admits this agent no more, and will not again. */
  readonly onGone?: () => void;
  /** Where worker hosts come to, which then start the workers; the agent starts them itself when absent. */
  readonly workerSocket?: string | undefined;
  /** Where runs get their workers from instead. */
  readonly pool?: WorkerSource;
}

/** A running agent. */
export interface Agent {
  status(): Status;
  /** Clean stop, within ten seconds. */
  stop(): Promise<void>;
}

/** Starts the agent of a home. Throws a Fault: NOT_ENROLLED, HOME_UNSAFE, POLICY_…, SECRET_PROVIDERS_…, AGENT_RUNNING, OUTBOX_DAMAGED, WORKER_PLACE_…. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { home } = options;
  const { tenant } = readIdentity(home);
  verifyPermissions(home);
  makeHome(home);
  const { log, last: lastError } = remembering(
    openLog(options.keepLog ?? home.logs, options.logLevel, options.print),
    () => options.clock.now().wall,
  );
  const protectedNow = protectKeyFiles(keyFiles(home));
  if (protectedNow > 0) log('info', `${protectedNow} key files are protected now: ${keyStorage()}`);
  let audit: AuditLog | null = null;
  const policy = openPolicy(home, options.policy, log, () => audit, options.workerSocket !== undefined);
  const { settings, file } = readProviderSettings(options.environment['CASARE_SECRET_PROVIDERS'], home.root);
  if (file !== null) log('info', `secret providers: ${file}, ${Object.keys(settings.secrets).length} secrets`);
  const outbox = Outbox.open({ file: home.outbox });
  // Nobody else has this home from here on: the log has one writer.
  const complain = (message: string): void => log('error', message);
  audit = new AuditLog({ folder: home.audit, tenant, now: () => options.clock.now().wall, complain });
  const key = await sealingKey(home);
  const sealing = { ...key, fingerprint: await sealingFingerprint(key.publicKey) };
  let agent: RunningAgent | null = null;
  const hosted = await openWorkerPlace(options, log, () => agent?.tellAbilities()).catch((error: unknown) => {
    outbox.close();
    throw error;
  });
  const parts = { log, lastError, audit, policy, outbox, sealing, hosted, local: new LocalSecrets(settings) };
  agent = new RunningAgent(options, parts);
  await agent.start();
  return agent;
}

async function openWorkerPlace(options: AgentOptions, log: Log, changed: () => void): Promise<HostedWorkers | null> {
  if (options.workerSocket === undefined) return null;
  const place = placeOf(options.workerSocket);
  const settings = named(options.environment);
  return HostedWorkers.open({ place, platform: process.platform, version: agentVersion(), settings, log, changed });
}

/** What of the agent's own settings is for its workers. */
function named(environment: NodeJS.ProcessEnv): Record<string, string> {
  const names = ['CASARE_BROWSER', 'CASARE_DESKTOP'];
  return Object.fromEntries(names.map((name) => [name, environment[name]]).filter(([, value]) => value)) as Record<
    string,
    string
  >;
}

/** What the agent is made of, opened. */
interface AgentParts {
  readonly log: Log;
  /** What last went wrong. */
  readonly lastError: () => LastError | null;
  readonly audit: AuditLog;
  readonly policy: PolicyGate;
  readonly outbox: Outbox;
  readonly sealing: SealingKeyPair & { readonly fingerprint: string };
  /** Secrets that are on the premises. */
  readonly local: LocalSecrets;
  /** Workers of other users, where the agent has a place for them. */
  readonly hosted: HostedWorkers | null;
}

class RunningAgent implements Agent {
  readonly #options: AgentOptions;
  readonly #log: Log;
  readonly #lastError: AgentParts['lastError'];
  readonly #audit: AuditLog;
  readonly #policy: PolicyGate;
  readonly #outbox: Outbox;
  readonly #sealing: AgentParts['sealing'];
  readonly #local: LocalSecrets;
  readonly #startedAt: string;
  readonly #pool: WorkerSource;
  readonly #supervisor: Supervisor;
  readonly #uplink: Uplink;
  readonly #hosted: HostedWorkers | null;
  readonly #own = new OwnAbilities();
  readonly #abilities: Abilities;
  readonly #told: ToldAbilities;
  #server: Server | null = null;
  #tunnelSince: string;
  #why: string | undefined;

  constructor(options: AgentOptions, parts: AgentParts) {
    const { policy, audit, outbox, log, sealing, local, hosted } = parts;
    this.#options = options;
    this.#log = log;
    this.#lastError = parts.lastError;
    this.#audit = audit;
    this.#policy = policy;
    this.#outbox = outbox;
    this.#sealing = sealing;
    this.#local = local;
    this.#startedAt = this.#time();
    this.#tunnelSince = this.#startedAt;
    this.#hosted = hosted;
    this.#abilities = hosted === null ? this.#own : new HostedAbilities(hosted);
    this.#pool = options.pool ?? hosted ?? this.#makePool();
    this.#told = new ToldAbilities({
      proved: () => JSON.stringify([this.#capabilities(), this.#slots()]),
      isLive: () => this.#uplink.tunnel.state === 'live',
      send: () =>
        this.#uplink.tunnel.send({ type: 'capabilities', capabilities: this.#capabilities(), slots: this.#slots() }),
    });
    const intake = this.#makeIntake();
    this.#supervisor = this.#makeSupervisor(intake);
    this.#uplink = new Uplink({
      ...{ home: options.home, clock: options.clock, random: options.random, log, outbox },
      pathOf: (artifactId) => intake.pathOf(artifactId),
      leaving: (event) => withhold(policy.held.policy, event),
      runs: this.#supervisor,
      sealingKey: sealing.publicKey,
      profile: () => {
        this.#told.greeted();
        return { facts: machineFacts(), capabilities: this.#capabilities(), slots: this.#slots() };
      },
      changed: (state, detail) => this.#changed(state, detail),
      onGone: options.onGone,
    });
  }

  async start(): Promise<void> {
    const { name, agentId, tunnelUrl } = this.#uplink.identity;
    this.#log('info', `agent ${name} (${agentId}) starts, tunnel ${tunnelUrl}, ${this.#wayOut()}`);
    tellPolicy(this.#policy, this.#log);
    const { file, digest } = this.#policy.held;
    this.#tell('agent.started', { version: agentVersion(), policy: digest, policyFile: file });
    this.#supervisor.recover();
    this.#server = await serveStatus(this.#options.home, () => this.status()).catch((error: unknown) => {
      this.#log('warn', `no status socket: ${describe(error)}`);
      return null;
    });
    this.#pool.warm();
    this.#uplink.tunnel.start();
    if (this.#hosted === null) {
      const { environment, slots } = this.#options;
      const options = { home: this.#options.home.root, environment, desktop: slots.desktop > 0 };
      void this.#own.probe(options, this.#log, () => this.tellAbilities());
    }
  }

  status(): Status {
    const { home, clock } = this.#options;
    const { agentId, tenant, name, tunnelUrl } = this.#uplink.identity;
    const { generation } = this.#uplink;
    const { agentState, version } = this.#uplink.standing;
    const now = clock.now().wall;
    return {
      agentId,
      tenant,
      name,
      version: agentVersion(),
      pid: process.pid,
      startedAt: this.#startedAt,
      tunnel: {
        state: this.#uplink.tunnel.state,
        since: this.#tunnelSince,
        url: tunnelUrl,
        ...(this.#why === undefined ? {} : { why: this.#why }),
      },
      network: this.#wayOut(),
      leased: this.#supervisor.leased(),
      slots: this.#slots(),
      capabilities: this.#capabilities(),
      browser: this.#abilities.browser(),
      desktop: this.#options.slots.desktop === 0 ? 'no slot' : this.#abilities.desktop(),
      certificateUntil: new Date(now + certificateTimes(home, now).untilEndMs).toISOString(),
      ...(generation === null ? {} : { certificateGeneration: generation }),
      bundle: heldBundle(home).digest,
      sealingKey: this.#sealing.fingerprint,
      keyStorage: keyStorage(),
      policy: policyText(this.#policy),
      running: this.#supervisor.activeRuns().map((run) => {
        const { jobId, attempt, slot, workflow } = run;
        return { jobId, attempt, workflow: workflow.name, slot, ...this.#outbox.progress(run) };
      }),
      heldRuns: this.#outbox.runs().length,
      ...(agentState === undefined ? {} : { agentState }),
      ...(version === undefined ? {} : { controlPlane: version }),
      outbox: this.#outbox.depth(),
      lastError: this.#lastError(),
    };
  }

  #wayOut(): string {
    try {
      return wayText(this.#options.home.network.wayTo(new URL(this.#uplink.identity.tunnelUrl)));
    } catch (error) {
      return describe(error);
    }
  }

  async stop(): Promise<void> {
    this.#log('info', 'stopping');
    this.#told.stop();
    await this.#supervisor.stop();
    await Promise.all([this.#uplink.tunnel.stop(), this.#pool.stop(), this.#local.close()]);
    this.#keepStatus();
    this.#server?.close();
    this.#outbox.close();
    this.#tell('agent.stopped', {});
    this.#log('info', 'stopped');
  }

  #tell(action: string, detail: Readonly<Record<string, unknown>>): void {
    const subject = `agent:${this.#uplink.identity.agentId}`;
    this.#audit.add({ action, actor: 'agent', subject, detail });
  }

  #changed(state: TunnelState, detail: TunnelDetail): void {
    this.#tunnelSince = this.#time();
    this.#why = detail.why;
    // a probe may have ended between hello and welcome
    this.#told.consider();
    if (state === 'live' || state === 'waiting') this.#keepStatus();
  }

  /** Something was tried, or a worker host came or went. */
  tellAbilities(): void {
    this.#told.consider();
  }

  #capabilities(): string[] {
    return [...platformCapabilities(), ...this.#abilities.capabilities()];
  }

  #slots(): Slots {
    return this.#abilities.slots(this.#options.slots);
  }

  #makePool(): WorkerPool {
    const { environment, home } = this.#options;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    return new WorkerPool(
      {
        module: new URL(`../runner/worker.${extension}`, import.meta.url),
        environment: { CASARE_HOME: home.root, ...named(environment) },
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
      ...(this.#hosted === null || process.platform === 'win32'
        ? {}
        : { isWorkers: (uid: number) => this.#hosted?.isWorkers(uid) === true }),
    });
  }

  #makeSupervisor(intake: ArtifactIntake): Supervisor {
    const { home, clock } = this.#options;
    const { tenant, agentId } = readIdentity(home);
    return new Supervisor({
      outbox: this.#outbox,
      pool: this.#pool,
      intake,
      folders: this.#makeFolders(),
      policy: this.#policy,
      audit: new RunAudit({
        log: this.#audit,
        policy: this.#policy,
        journal: (key) => this.#outbox.journal(key),
      }),
      secretSources: [openSealedSecrets({ tenant, agentId, privateKey: this.#sealing.privateKey }), this.#local.source],
      localSecrets: this.#local,
      clock,
      // a run that only waits for the probe is not refused
      slots: () => this.#options.slots,
      freeBytes: () => freeBytes(home.root),
      minFreeBytes: MIN_FREE_BYTES,
      log: this.#log,
      tunnel: {
        send: (message) => this.#uplink.tunnel.send(message),
        wake: (key) => this.#uplink.tunnel.wake(key),
        forget: (key) => this.#uplink.tunnel.forget(key),
      },
    });
  }

  #makeFolders(): RunFolders {
    const { home, workerSocket } = this.#options;
    if (this.#hosted === null || workerSocket === undefined) return new RunFolders(home.runs);
    const hosted = this.#hosted;
    const kept = process.platform === 'win32' ? 0 : undefined;
    return new RunFolders(placeOf(workerSocket).runs, { empty: (jobId) => hosted.emptyRun(jobId), kept });
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
