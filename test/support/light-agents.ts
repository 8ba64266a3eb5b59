/**
 * Test support: many agents in one process, over real TLS. Each is the product's own code (enrolment, identity, renewal
 * over the tunnel and the enrol listener, tunnel, outbox) but for what runs jobs: `JobDoubles` accepts each job and
 * completes it at once. It is not the product's supervisor, and no worker process is started.
 */
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunEventBody, Slots } from '@casare/shared/protocol';
import { type Clock, systemClock } from '../../edge-agent/src/clock.ts';
import { agentHome, type AgentHome, enrol } from '../../edge-agent/src/identity/index.ts';
import { Outbox, type RunKey, StoredAssignment } from '../../edge-agent/src/outbox/index.ts';
import { Uplink, type UplinkRuns } from '../../edge-agent/src/service/uplink.ts';
import type { Greeting, Message, TunnelDetail, TunnelState, Verdict } from '../../edge-agent/src/tunnel/index.ts';

export interface LightAgentOptions {
  /** Its home: made when it is not there. Deleted by the test. */
  readonly folder: string;
  readonly slots?: Slots;
  readonly capabilities?: readonly string[];
  readonly clock?: Clock;
  /** The public key that secrets are sealed to for it. */
  readonly sealingKey?: string;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Log lines of each job, before its ending; 0 unless said otherwise. */
  readonly linesPerJob?: number;
  /** What a job records last, with its ending; by default that it completed. */
  readonly record?: readonly RunEventBody[];
}

export interface LightEnrolment extends LightAgentOptions {
  /** Of the enrol listener. */
  readonly url: string;
  readonly token: string;
  readonly name: string;
}

const FACTS = { hostname: 'light-agent', os: 'linux', arch: 'x64', agentVersion: '0.1.0', nodeVersion: '24' };
const LOG_LINES = 1_000;
const COMPLETED: readonly RunEventBody[] = [{ type: 'run.completed', output: { by: 'a double' } }];

/** Enrols over the real enrol listener; the agent does not run yet. */
export async function enrolLightAgent({ url, token, name, ...options }: LightEnrolment): Promise<LightAgent> {
  mkdirSync(path.dirname(options.folder), { recursive: true });
  const home = agentHome(options.folder, {});
  await enrol({ home, url, token, name, hostname: FACTS.hostname, declared: [], now: Date.now });
  return new LightAgent(options);
}

/** An enrolled agent. `start`, and `stop` or `kill`, as often as the test likes. */
export class LightAgent {
  readonly home: AgentHome;
  readonly #options: LightAgentOptions;
  /** Every state of its tunnel since the first start, with why. */
  readonly states: { readonly state: TunnelState; readonly detail: TunnelDetail }[] = [];
  /** The last lines of its log. */
  readonly log: string[] = [];
  /** Of its jobs. */
  jobs: JobDoubles | null = null;
  #uplink: Uplink | null = null;
  #outbox: Outbox | null = null;

  constructor(options: LightAgentOptions) {
    this.#options = options;
    this.home = agentHome(options.folder, {});
  }

  get state(): TunnelState {
    return this.#uplink?.tunnel.state ?? 'idle';
  }

  get agentId(): string {
    if (this.#uplink === null) throw new Error('the light agent does not run');
    return this.#uplink.identity.agentId;
  }

  /** Of its certificate; null when it has not renewed over the tunnel since its start. */
  get generation(): number | null {
    return this.#uplink?.generation ?? null;
  }

  /** How often a session ended that no other one had taken over from. */
  get losses(): number {
    return this.states.filter(({ state }) => state === 'waiting').length;
  }

  /** How often a session took over from another one. */
  get handOvers(): number {
    return this.states.filter(({ detail }) => detail.tookOver === true).length;
  }

  start(): void {
    const { clock = systemClock, random = Math.random, capabilities = [], linesPerJob = 0 } = this.#options;
    const { record = COMPLETED, sealingKey } = this.#options;
    const slots = this.#options.slots ?? { plain: 2, browser: 0, desktop: 0 };
    const outbox = Outbox.open({ file: this.home.outbox });
    const jobs = new JobDoubles(outbox, clock, { lines: linesPerJob, record }, () => uplink.tunnel);
    const uplink: Uplink = new Uplink({
      ...{ home: this.home, clock, random, outbox, runs: jobs },
      log: (level, text) => {
        this.log.push(`${level}: ${text}`);
        if (this.log.length > LOG_LINES) this.log.shift();
      },
      pathOf: (artifactId) => path.join(this.home.spool, artifactId),
      profile: () => ({ facts: FACTS, capabilities: ['os=linux', ...capabilities], slots }),
      sealingKey,
      changed: (state, detail) => void this.states.push({ state, detail }),
    });
    [this.#outbox, this.jobs, this.#uplink] = [outbox, jobs, uplink];
    uplink.tunnel.start();
  }

  /** Ends as the agent does. */
  async stop(): Promise<void> {
    await this.#uplink?.tunnel.stop();
    this.#outbox?.close();
    [this.#uplink, this.#outbox] = [null, null];
  }

  /** Stops and removes its home. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.home.root, { recursive: true, force: true });
  }
}

interface Told {
  readonly lines: number;
  readonly record: readonly RunEventBody[];
}

/** Instead of the product's supervisor: each job is accepted and completed at once, in the outbox as the real ones. */
export class JobDoubles implements UplinkRuns {
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #told: Told;
  readonly #tunnel: () => Uplink['tunnel'];
  #greeted: readonly RunKey[] = [];
  /** Moments at which the lease had lapsed when it was renewed, milliseconds late. */
  readonly lapses: number[] = [];
  #leasedUntil: number | null = null;
  /** Jobs by id, and how often each was begun. */
  readonly begun = new Map<string, number>();
  readonly cancels: string[] = [];
  halted = false;

  constructor(outbox: Outbox, clock: Clock, told: Told, tunnel: () => Uplink['tunnel']) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#told = told;
    this.#tunnel = tunnel;
  }

  heldRuns(): Greeting['runs'] {
    const held = this.#outbox.runs().filter((run) => run.ending === null || run.ackedSeq < run.lastSeq);
    this.#greeted = held;
    return held.map(({ jobId, attempt, lastSeq, phase }) => ({ jobId, attempt, lastSeq, phase }));
  }

  unleasedMs(): undefined {
    return undefined;
  }

  welcomed(verdicts: readonly Verdict[]): void {
    const kept = new Set(verdicts.filter(({ verdict }) => verdict === 'continue').map(({ jobId }) => jobId));
    for (const run of this.#greeted) {
      if (kept.has(run.jobId)) this.#settle(run);
      else this.#drop(run);
    }
    this.#greeted = [];
  }

  assigned(message: Message<'job.assign'>): void {
    const { jobId, attempt } = message;
    const isNew = this.#outbox.run(message) === null && this.#outbox.accept(StoredAssignment.parse(message));
    this.#tunnel().send({ type: 'job.accepted', jobId, attempt });
    if (!isNew) return;
    this.begun.set(jobId, (this.begun.get(jobId) ?? 0) + 1);
    const at = new Date(this.#clock.now().wall);
    this.#outbox.append(message, at, { type: 'run.started', resumed: false });
    for (let line = 1; line <= this.#told.lines; line += 1) {
      this.#outbox.append(message, at, { type: 'run.log', level: 'info', message: `line ${line}` });
    }
    for (const body of this.#told.record) this.#outbox.append(message, at, body);
    this.#outbox.release(message);
    this.#tunnel().wake({ jobId, attempt });
  }

  cancelled({ jobId }: Message<'job.cancel'>): void {
    this.cancels.push(jobId);
  }

  paused(): void {
    // Its runs are over at once.
  }

  fenced(message: Message<'run.fenced'>): void {
    this.#drop(message);
  }

  acknowledged(key: RunKey, seq: number): void {
    this.#outbox.acknowledge(key, seq);
    this.#settle(key);
  }

  stored(artifactId: string): void {
    this.#outbox.settleArtifact(artifactId, 'stored', null);
  }

  refused(artifactId: string, code: string): void {
    this.#outbox.settleArtifact(artifactId, 'refused', code);
  }

  renewed(sentAt: { readonly mono: number }, leaseMs: number): void {
    const late = this.#clock.now().mono - (this.#leasedUntil ?? Infinity);
    if (late > 0) this.lapses.push(late);
    this.#leasedUntil = sentAt.mono + leaseMs;
  }

  disconnected(): void {}

  halt(): void {
    this.halted = true;
  }

  #settle(key: RunKey): void {
    const run = this.#outbox.run(key);
    if (run !== null && run.ending !== null && run.ackedSeq >= run.lastSeq) this.#drop(run);
  }

  #drop(key: RunKey): void {
    if (this.#outbox.run(key) === null) return;
    this.#outbox.drop(key);
    this.#tunnel().forget(key);
  }
}
