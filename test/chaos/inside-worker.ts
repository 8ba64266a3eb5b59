/**
 * A worker that is no process: the product's engine and steps inside the agent, so that 20,000 jobs fit into minutes (a
 * process for each costs half a second of processor time). Everything else of the agent is the product's.
 */
import { randomUUID } from 'node:crypto';
import { Workflow } from '@casare/shared/workflow';
import { createExpressions, PauseSwitch, runWorkflow, systemClock } from '../../edge-agent/dist/engine/index.js';
import { unrestricted } from '../../edge-agent/dist/policy/index.js';
import { WorkerChannel } from '../../edge-agent/dist/runner/worker-channel.js';
import { createStepRegistry } from '../../edge-agent/dist/steps/index.js';
import type { FromWorker, ToWorker } from '../../edge-agent/src/runner/ipc.ts';
import type { WorkerSource } from '../../edge-agent/src/runner/index.ts';

/** Workers inside this process. */
export function insideWorkers(home: string): WorkerSource {
  const expressions = createExpressions();
  const steps = createStepRegistry({ home, env: process.env, platform: process.platform });
  return {
    warm: () => undefined,
    take: () => new InsideWorker({ expressions, steps, policy: unrestricted }),
    clear: () => null,
    stop: () => Promise.resolve(),
  };
}

type Surroundings = Pick<Parameters<typeof runWorkflow>[0], 'expressions' | 'steps' | 'policy'>;
type Start = Extract<ToWorker, { type: 'start' }>;

class InsideWorker {
  /** No process: nothing is found and killed under it. */
  readonly record = { pid: 0, startTicks: 0, marker: randomUUID() };
  readonly exited: Promise<string>;
  readonly #exit: (why: string) => void;
  readonly #stop = new AbortController();
  readonly #pause = new PauseSwitch();
  readonly #channel: WorkerChannel;
  readonly #around: Surroundings;
  #onMessage: (message: FromWorker) => void = () => undefined;
  #isDead = false;

  constructor(around: Surroundings) {
    const { promise, resolve } = Promise.withResolvers<string>();
    [this.exited, this.#exit, this.#around] = [promise, resolve, around];
    this.#channel = new WorkerChannel((message) => {
      // As over a pipe: never within the call.
      setImmediate(() => this.#isDead || this.#onMessage(message as FromWorker));
    });
  }

  attach(onMessage: (message: FromWorker) => void): void {
    this.#onMessage = onMessage;
  }

  send(message: ToWorker): void {
    setImmediate(() => {
      if (this.#isDead) return;
      this.#channel.receive(message, {
        start: (start) => void this.#run(start),
        cancel: (reason) => this.#stop.abort(new Error(reason)),
        pause: (on) => this.#pause.set(on),
      });
    });
  }

  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#stop.abort(new Error('killed'));
    this.#exit('killed');
  }

  async #run({ assignment, secrets, journal, runFolder }: Start): Promise<void> {
    const channel = this.#channel;
    try {
      await runWorkflow({
        ...this.#around,
        ...{ runId: assignment.jobId, input: assignment.input, secrets, journal, runFolder, clock: systemClock },
        document: Workflow.parse(assignment.workflow.document),
        record: (body) => channel.record(body),
        artifact: async (file, about) => void (await channel.keep({ path: file, ...about })),
        signal: this.#stop.signal,
        pause: this.#pause,
        log: (level, message) => channel.log(level, message),
      });
    } catch (error) {
      channel.broken('ENGINE_FAILED', String(error));
    }
    setImmediate(() => this.kill());
  }
}
