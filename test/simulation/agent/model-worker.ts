/**
 * A worker process with a small model of the engine: the steps of a list one after the other, a restart by the journal
 * (what is recorded is not done again, a step in doubt goes to a person), soft cancels. Its end of the channel, which asks
 * for leave to act and judges it, is the real one. What a step does to the outside world is told to the checker.
 */
import { AGENT_STOPPED, type RunEvent, type RunEventBody } from '@casare/shared/protocol';
import type { Instant } from '../../../edge-agent/src/clock.ts';
import type { StoredAssignment } from '../../../edge-agent/src/outbox/index.ts';
import { WorkerChannel } from '../../../edge-agent/dist/runner/worker-channel.js';
import type { FromWorker, ToWorker } from '../../../edge-agent/src/runner/ipc.ts';
import type { WorkerProcess } from '../../../edge-agent/src/runner/worker-process.ts';
import type { Chance } from '../world/random.ts';
import type { VirtualTime } from '../world/time.ts';

/** What a worker touches. */
export interface WorkerWorld {
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** Of the machine it runs on. */
  readonly clock: () => Instant;
  readonly crash: () => number;
  /** It stands still for so long, and perhaps more of its machine does. */
  readonly standsStill: (ms: number) => void;
  /** A step acts on the outside world, now. */
  readonly acts: (assignment: StoredAssignment, position: string, isUnsafe: boolean) => void;
}

type Start = Extract<ToWorker, { type: 'start' }>;
/** As outcomes of the agent's orders: the run is called off. */
class Cancelled extends Error {}
class Killed extends Error {}

const FAILED = { type: 'about:blank', status: 500, title: 'it did not work' };

export class ModelWorker {
  readonly record = { pid: 0, startTicks: 0, marker: '00000000-0000-4000-8000-000000000000' };
  readonly exited: Promise<string>;
  readonly #world: WorkerWorld;
  readonly #exit: (why: string) => void;
  readonly #channel: WorkerChannel;
  #onMessage: (message: FromWorker) => void = () => undefined;
  #cancel: string | null = null;
  #pause = false;
  /** What the record says of it. */
  #isPaused = false;
  #dead = false;
  /** The process stands still until then, with what it was sent in the pipe. */
  #stillUntil = 0;
  /** What is under way in the two pipes: it arrives in the order in which it was sent. */
  readonly #sent: ToWorker[] = [];
  readonly #said: FromWorker[] = [];

  constructor(world: WorkerWorld) {
    this.#world = world;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.exited = promise;
    this.#exit = resolve;
    const send = (message: unknown): void => {
      this.#said.push(message as FromWorker);
      this.#soon(() => this.#onMessage(this.#said.shift()!));
    };
    this.#channel = new WorkerChannel(send, () => world.clock());
  }

  asProcess(): WorkerProcess {
    return this;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  attach(onMessage: (message: FromWorker) => void): void {
    this.#onMessage = onMessage;
  }

  send(message: ToWorker): void {
    const { time, chance } = this.#world;
    const hasLeave = message.type === 'recorded' && message.actBefore !== undefined;
    if (hasLeave) {
      const stillMs = chance.between(0, chance.hits(0.1) ? 120_000 : 50);
      this.#stillUntil = time.now + stillMs;
      if (stillMs > 60_000) this.#world.standsStill(stillMs);
    }
    this.#sent.push(message);
    this.#soon(() => this.#receive());
  }

  kill(why = 'SIGKILL'): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#world.time.after(this.#world.chance.between(0, 5), () => this.#exit(why));
  }

  #receive(): void {
    if (this.#world.time.now < this.#stillUntil) {
      this.#world.time.at(this.#stillUntil, () => this.#receive());
      return;
    }
    if (this.#dead) return;
    this.#channel.receive(this.#sent.shift()!, {
      start: (start) => void this.#begin(start),
      cancel: (reason) => (this.#cancel = reason),
      pause: (on) => (this.#pause = on),
    });
  }

  async #begin(start: Start): Promise<void> {
    await this.#run(start.assignment, start.journal).then(
      () => this.kill('exit 0'),
      () => this.kill('a fault'),
    );
  }

  async #run(assignment: StoredAssignment, journal: readonly RunEvent[]): Promise<void> {
    try {
      this.#isPaused = journal.findLast(({ body }) => isAboutPause(body))?.body.type === 'run.paused';
      await this.#tell({ type: 'run.started', resumed: journal.length > 0 });
      await this.#stand();
      for (const step of stepsOf(assignment)) {
        const ending = await this.#step(assignment, step, journal);
        if (ending !== null) {
          await this.#tell(ending);
          return;
        }
      }
      await this.#tell({ type: 'run.completed', output: { done: true } });
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
      await this.#tell({ type: 'run.cancelled', reason: error.message });
    }
  }

  /** Runs one step; an ending when the run cannot go on. */
  async #step(
    assignment: StoredAssignment,
    step: ListedStep,
    journal: readonly RunEvent[],
  ): Promise<RunEventBody | null> {
    const { position, isUnsafe } = step;
    const before = lastOf(journal, position);
    if (before === 'completed') return null;
    if (before === 'failed') return { type: 'run.failed', error: FAILED };
    if (before === 'doubt' && isUnsafe) return { type: 'run.suspended', position, reason: 'it may have acted' };
    await this.#stand();
    if (this.#cancel !== null) throw new Cancelled(this.#cancel);
    const started: RunEventBody = {
      ...{ type: 'step.started', path: position, position, name: step.name, task: 'call' },
      ...{ effect: isUnsafe ? 'unsafe' : 'idempotent', onRestart: isUnsafe ? 'suspend' : 'rerun' },
    };
    await this.#tell(started);
    this.#world.acts(assignment, position, isUnsafe);
    await this.#pass(this.#world.chance.between(1, this.#world.chance.hits(0.15) ? 150_000 : 15_000));
    const where = { path: position, position, durationMs: 1 };
    if (this.#world.chance.hits(0.03)) {
      await this.#tell({ type: 'step.failed', ...where, error: FAILED, certain: true });
      return { type: 'run.failed', error: FAILED };
    }
    await this.#tell({ type: 'step.completed', ...where, output: { at: position } });
    return null;
  }

  /** As the engine's gate does: says once that it stands still, and that it goes on before it does. */
  async #stand(): Promise<void> {
    while (this.#pause !== this.#isPaused || this.#pause) {
      if (this.#pause !== this.#isPaused) {
        this.#isPaused = this.#pause;
        await this.#tell({ type: this.#isPaused ? 'run.paused' : 'run.resumed' });
      } else if (this.#cancel !== null) throw new Cancelled(this.#cancel);
      else await this.#pass(200);
    }
  }

  /** Resolves when it is recorded and, for the start of a step that must not be repeated, when that may act. */
  async #tell(body: RunEventBody): Promise<void> {
    if (this.#world.chance.hits(this.#world.crash())) this.kill();
    await this.#channel.record(body).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'RUN_CANCELLED')
        throw new Cancelled(error.message);
      throw error;
    });
    if (this.#world.chance.hits(this.#world.crash())) this.kill();
    if (this.#dead) throw new Killed();
  }

  async #pass(ms: number): Promise<void> {
    await this.#world.time.sleep(ms);
    if (this.#dead) throw new Killed();
  }

  /** Over the channel between the processes. */
  #soon(run: () => void): void {
    this.#world.time.after(this.#world.chance.between(0.1, 2), () => {
      if (!this.#dead) run();
    });
  }
}

function isAboutPause({ type }: RunEventBody): boolean {
  return type === 'run.paused' || type === 'run.resumed';
}

interface ListedStep {
  readonly name: string;
  readonly position: string;
  readonly isUnsafe: boolean;
}

function stepsOf(assignment: StoredAssignment): ListedStep[] {
  const { do: list } = assignment.workflow.document as unknown as { do: readonly Record<string, object>[] };
  return list.map((item, index) => {
    const [name, task] = Object.entries(item)[0]!;
    return { name, position: `/do/${index}/${name}`, isUnsafe: 'call' in task };
  });
}

/** What earlier attempts, or an earlier worker, recorded last of a step. */
function lastOf(journal: readonly RunEvent[], position: string): 'none' | 'doubt' | 'completed' | 'failed' {
  let last: ReturnType<typeof lastOf> = 'none';
  for (const { body } of journal) {
    if (!('position' in body) || body.position !== position) continue;
    if (body.type === 'step.started') last = 'doubt';
    if (body.type === 'step.completed') last = 'completed';
    // Called off before it could act: it is as if it had not begun.
    if (body.type === 'step.failed' && body.certain) last = body.error.code === AGENT_STOPPED ? 'none' : 'failed';
  }
  return last;
}
