/**
 * An agent: the real supervisor, runs, settlement, session and event sender; models of the outbox's disk, the worker
 * process and the dial. Its process may die at every write of the outbox; what was written stays.
 */
import { LEASE_MARGIN_MS } from '@casare/shared/protocol';
import type { WebSocket } from 'ws';
import { Supervisor } from '../../../edge-agent/dist/runner/index.js';
import { Session } from '../../../edge-agent/dist/tunnel/session.js';
import { nextDial } from '../../../edge-agent/dist/tunnel/reconnect.decision.js';
import type { TunnelPort } from '../../../edge-agent/dist/tunnel/index.js';
import type { SupervisorOptions } from '../../../edge-agent/dist/runner/index.js';
import type { Setting } from '../setting.ts';
import { connect, type End } from '../world/wire.ts';
import { emptyDisk, MemoryOutbox, type Disk } from './memory-outbox.ts';
import { ModelWorker } from './model-worker.ts';

/** A machine with an agent on it. */
export class SimulatedAgent {
  readonly id: string;
  readonly slots: number;
  readonly #world: Setting;
  readonly #drift: number;
  #skewMs: number;
  #disk: Disk = emptyDisk();
  #process: AgentProcess | null = null;
  /** No frame passes to or from it. */
  isAway = false;
  #isGone = false;

  constructor(id: string, world: Setting) {
    this.id = id;
    this.#world = world;
    const { skewMs, drift } = world.faults().agent;
    this.slots = world.chance.whole(1, 3);
    // Half of them as wrong as can be.
    this.#drift =
      1 + (world.chance.hits(0.5) ? world.chance.pick([-drift, drift]) : world.chance.between(-drift, drift));
    this.#skewMs = world.chance.between(-skewMs, skewMs);
  }

  start(): void {
    if (this.#isGone) return;
    this.#process = new AgentProcess(this, this.#world, this.#disk);
  }

  /** Somebody sets the machine's clock. */
  setClock(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  /** On both of its clocks. */
  now(): { mono: number; wall: number } {
    const { time } = this.#world;
    return {
      mono: time.now * this.#drift,
      wall: Math.floor(time.wall() + time.now * (this.#drift - 1) + this.#skewMs),
    };
  }

  /** Its lease, counted on the clock that nobody can set. */
  renewed(sentAtMono: number, leaseMs: number): void {
    // Of one whose clocks run slower than its margin covers, the lease ends when it believes so.
    const lastsMs = Math.max(leaseMs, (leaseMs - LEASE_MARGIN_MS) / this.#drift);
    this.#world.history.leases.renewed(this.id, sentAtMono / this.#drift, lastsMs);
  }

  /** Runs that the control plane does not have complete. */
  get runs(): number {
    return this.#isGone ? 0 : this.#disk.runs.length;
  }

  /** Nothing passes for so long. */
  cutOff(ms: number): void {
    this.isAway = true;
    this.#world.time.after(ms, () => (this.isAway = false));
  }

  /** Attempts of the job that have begun here and not ended. */
  attemptsOf(jobId: string): number[] {
    const open = this.#disk.runs.filter((run) => run.jobId === jobId && run.phase === 'running' && run.ending === null);
    return open.map(({ attempt }) => attempt);
  }

  /** The machine is gone for good, and what was on its disk. */
  leave(): void {
    this.#isGone = true;
    this.kill();
  }

  /** kill -9: what the disk holds now is what the next process finds. */
  kill(): void {
    const process = this.#process;
    if (process === null) return;
    this.#process = null;
    this.#world.history.note(`agent ${this.id} dies`);
    this.#world.history.leases.died(this.id);
    this.#disk = structuredClone(this.#disk);
    process.end();
    this.#world.time.after(this.#world.chance.between(500, 30_000), () => this.start());
  }
}

class AgentProcess {
  readonly #machine: SimulatedAgent;
  readonly #world: Setting;
  readonly #outbox: MemoryOutbox;
  readonly #supervisor: Supervisor;
  readonly #workers = new Set<ModelWorker>();
  readonly #instance: string;
  readonly #epoch: number;
  #session: Session | null = null;
  #cut: () => void = () => undefined;
  #failures = 0;
  #alive = true;

  constructor(machine: SimulatedAgent, world: Setting, disk: Disk) {
    this.#machine = machine;
    this.#world = world;
    this.#outbox = new MemoryOutbox(disk, () => {
      if (this.#alive && world.chance.hits(world.faults().agent.crash)) machine.kill();
    });
    this.#instance = world.chance.uuid();
    this.#epoch = this.#outbox.nextEpoch();
    this.#supervisor = new Supervisor({
      outbox: this.#outbox.asOutbox(),
      pool: { take: () => this.#worker().asProcess(), clear: () => null },
      intake: { sweep: () => undefined, forget: () => Promise.resolve() },
      folders: { make: () => '/nowhere', close: () => undefined, closeAll: () => undefined, prune: () => undefined },
      policy: { held: { policy: {} }, current: () => ({ policy: {} }) },
      clock: machine,
      slots: () => ({ plain: machine.slots, browser: 0, desktop: 0 }),
      freeBytes: () => (this.#world.chance.hits(this.#world.faults().agent.fullDisk) ? 0 : 1),
      minFreeBytes: 1,
      log: () => undefined,
      tunnel: {
        send: (message: never) => this.#session?.send(message),
        wake: (key: never) => this.#session?.wake(key),
        forget: (key: never) => this.#session?.forget(key),
      },
    } as unknown as SupervisorOptions);
    this.#supervisor.recover();
    this.#dial();
  }

  /** Nothing of it is heard or seen any more; what its code still does, nobody notices. */
  end(): void {
    this.#alive = false;
    for (const worker of this.#workers) worker.kill();
    this.#cut();
  }

  #dial(): void {
    if (!this.#alive) return;
    const { chance, time } = this.#world;
    const gateway = this.#world.someGateway();
    if (gateway === null || this.#machine.isAway) {
      this.#again(0);
      return;
    }
    const machine = this.#machine;
    const network = { time, chance, faults: () => this.#world.faults().network };
    const wire = connect(network, () => !machine.isAway);
    this.#cut = () => {
      wire.agent.vanish();
      wire.cut();
    };
    gateway.accept(machine.id, wire.gateway, wire.cut);
    this.#greet(wire.agent);
  }

  #greet(end: End): void {
    let liveAt: number | null = null;
    this.#session = new Session({
      socket: end as unknown as WebSocket,
      port: this.#port(),
      outbox: this.#outbox.asOutbox(),
      pathOf: () => '/nowhere',
      clock: this.#machine,
      onLive: () => (liveAt = this.#world.time.now),
      onGoaway: () => undefined,
      onFault: (error) => this.#alive && this.#world.history.note(`agent fault: ${String(error)}`),
    });
    end.on('close', (closeCode: number) => {
      this.#session = null;
      if (!this.#alive) return;
      this.#supervisor.disconnected();
      this.#again(liveAt === null ? 0 : this.#world.time.now - liveAt, closeCode);
    });
  }

  #again(liveMs: number, closeCode?: number): void {
    const ended = { failures: this.#failures, liveMs, sentAway: false };
    const { delayMs, failures } = nextDial(
      closeCode === undefined ? ended : { ...ended, closeCode },
      this.#world.chance.next(),
    );
    this.#failures = failures;
    this.#world.time.after(delayMs, () => this.#dial());
  }

  #port(): TunnelPort {
    const supervisor = this.#supervisor;
    const nothing = (): void => undefined;
    return {
      greeting: () => ({
        ...optional('unleasedMs', supervisor.unleasedMs()),
        ...optional('storeEpoch', this.#outbox.storeEpoch() ?? undefined),
        ...{ instance: this.#instance, epoch: this.#epoch, capabilities: ['os=linux'], declared: [] },
        facts: { hostname: 'sim', os: 'sim', arch: 'sim', agentVersion: '0', nodeVersion: '0' },
        slots: { plain: this.#machine.slots, browser: 0, desktop: 0 },
        runs: supervisor.heldRuns(),
      }),
      welcomed: (verdicts) => supervisor.welcomed(verdicts),
      assigned: (message) => supervisor.assigned(message),
      cancelled: (message) => supervisor.cancelled(message),
      paused: (message) => supervisor.paused(message),
      fenced: (message) => supervisor.fenced(message),
      acknowledged: (key, seq) => {
        if (this.#alive) this.#world.history.acknowledged(key.jobId, key.attempt, seq, this.#outbox.journal(key));
        supervisor.acknowledged(key, seq);
      },
      stored: nothing,
      refused: nothing,
      trust: nothing,
      renewed: (sentAt, leaseMs) => {
        if (this.#alive) this.#machine.renewed(sentAt.mono, leaseMs);
        supervisor.renewed(sentAt, leaseMs);
      },
      changed: nothing,
      stayed: nothing,
    };
  }

  #worker(): ModelWorker {
    const { time, chance, history, faults } = this.#world;
    const worker = new ModelWorker({
      ...{ time, chance, clock: () => this.#machine.now(), crash: () => faults().agent.workerCrash },
      standsStill: (ms) => {
        if (chance.hits(0.5) && faults().partitions.count > 0) this.#machine.cutOff(ms + 1_000);
      },
      acts: (assignment, position, isUnsafe) => {
        if (this.#alive) history.acts({ ...assignment, agentId: this.#machine.id }, position, isUnsafe);
      },
    });
    this.#workers.add(worker);
    void worker.exited.then(() => this.#workers.delete(worker));
    if (this.#alive) {
      const busy = this.#outbox.runs().filter((run) => run.phase === 'running' && run.ending === null);
      history.works(this.#machine.id, busy.length, this.#machine.slots + 1);
    }
    return worker;
  }
}

function optional<Name extends string>(name: Name, value: number | undefined): { readonly [Key in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]: number });
}
