/**
 * A worker process with a small model of the engine: the steps of a list one after the other, a restart by the journal
 * (what is recorded is not done again, a step in doubt goes to a person), leave to act before a step that must not be
 * repeated, soft cancels. What a step does to the outside world is told to the checker.
 */
import { AGENT_STOPPED, type RunEvent, type RunEventBody } from '@casare/shared/protocol';
import type { StoredAssignment } from '../../../edge-agent/src/outbox/index.ts';
import type { FromWorker, ToWorker } from '../../../edge-agent/src/runner/ipc.ts';
import type { WorkerProcess } from '../../../edge-agent/src/runner/worker-process.ts';
import type { Chance } from '../world/random.ts';
import type { VirtualTime } from '../world/time.ts';

/** What a worker touches. */
export interface WorkerWorld {
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** Of the machine it runs on, milliseconds since the epoch. */
  readonly wall: () => number;
  readonly crash: () => number;
  /** A step acts on the outside world, now. */
  readonly acts: (assignment: StoredAssignment, position: string, isUnsafe: boolean) => void;
}

type Answer = Extract<ToWorker, { type: 'recorded' | 'refused' }>;
type Started = Extract<RunEventBody, { type: 'step.started' }>;
/** As outcomes of the agent's orders: the run is called off. */
class Cancelled extends Error {}
class Killed extends Error {}

const FAILED = { type: 'about:blank', status: 500, title: 'it did not work' };

export class ModelWorker {
  readonly record = { pid: 0, startTicks: 0, marker: '00000000-0000-4000-8000-000000000000' };
  readonly exited: Promise<string>;
  readonly #world: WorkerWorld;
  readonly #exit: (why: string) => void;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #onMessage: (message: FromWorker) => void = () => undefined;
  #nextRequest = 1;
  #cancel: string | null = null;
  #dead = false;

  constructor(world: WorkerWorld) {
    this.#world = world;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.exited = promise;
    this.#exit = resolve;
  }

  asProcess(): WorkerProcess {
    return this as unknown as WorkerProcess;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  attach(onMessage: (message: FromWorker) => void): void {
    this.#onMessage = onMessage;
  }

  send(message: ToWorker): void {
    this.#soon(() => this.#receive(message));
  }

  kill(why = 'SIGKILL'): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#world.time.after(this.#world.chance.between(0, 5), () => this.#exit(why));
  }

  #receive(message: ToWorker): void {
    switch (message.type) {
      case 'start':
        void this.#run(message.assignment, message.journal).then(
          () => this.kill('exit 0'),
          () => this.kill('a fault'),
        );
        return;
      case 'cancel':
        this.#cancel = message.reason;
        return;
      case 'recorded':
      case 'refused': {
        const answered = this.#asked.get(message.request);
        this.#asked.delete(message.request);
        answered?.(message);
        return;
      }
      case 'kept':
    }
  }

  async #run(assignment: StoredAssignment, journal: readonly RunEvent[]): Promise<void> {
    try {
      await this.#tell({ type: 'run.started', resumed: journal.length > 0 });
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
    if (this.#cancel !== null) throw new Cancelled(this.#cancel);
    const started: Started = {
      ...{ type: 'step.started', path: position, position, name: step.name, task: 'call' },
      ...{ effect: isUnsafe ? 'unsafe' : 'idempotent', onRestart: isUnsafe ? 'suspend' : 'rerun' },
    };
    await this.#leave(started, await this.#tell(started));
    this.#world.acts(assignment, position, isUnsafe);
    await this.#pass(this.#world.chance.between(1, this.#world.chance.hits(0.05) ? 150_000 : 15_000));
    const where = { path: position, position, durationMs: 1 };
    if (this.#world.chance.hits(0.03)) {
      await this.#tell({ type: 'step.failed', ...where, error: FAILED, certain: true });
      return { type: 'run.failed', error: FAILED };
    }
    await this.#tell({ type: 'step.completed', ...where, output: { at: position } });
    return null;
  }

  /** Until the step may act: the right is judged as late as can be. */
  async #leave(body: Started, recorded: Extract<Answer, { type: 'recorded' }>): Promise<void> {
    let answer = recorded;
    while (answer.actBefore !== undefined) {
      await this.#pass(this.#world.chance.between(0, this.#world.chance.hits(0.05) ? 90_000 : 50));
      if (this.#world.wall() < answer.actBefore) return;
      const { seq } = answer;
      answer = await this.#ask((request) => ({ type: 'late', request, seq, body }));
    }
  }

  #tell(body: RunEventBody): Promise<Extract<Answer, { type: 'recorded' }>> {
    return this.#ask((request) => ({ type: 'record', request, body }));
  }

  async #ask(message: (request: number) => FromWorker): Promise<Extract<Answer, { type: 'recorded' }>> {
    const request = this.#nextRequest++;
    if (this.#world.chance.hits(this.#world.crash())) this.kill();
    const answered = new Promise<Answer>((resolve) => this.#asked.set(request, resolve));
    this.#soon(() => this.#onMessage(message(request)));
    const answer = await answered;
    if (this.#world.chance.hits(this.#world.crash())) this.kill();
    if (this.#dead) throw new Killed();
    if (answer.type === 'recorded') return answer;
    throw answer.code === 'RUN_CANCELLED' ? new Cancelled(answer.reason) : new Error(answer.code);
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
