/**
 * A worker that the agent forks itself: its own process group, an environment by allow-list, a bounded heap, Node's channel
 * between the two. It runs as the user that the agent is.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe } from '../fault.ts';
import type { WorkerRecord } from '../outbox/index.ts';
import type { FromWorker, ToWorker } from './ipc.ts';
import { holdTree, killTree, MARKER_VARIABLE, startTicksOf } from './process-tree.ts';
import { makeScratch, removeScratch, scratchEnvironment } from './scratch.ts';
import {
  inherited,
  LOG_LINE_CHARACTERS,
  nodeFlags,
  receiveFrom,
  type WorkerLog,
  type WorkerProcess,
} from './worker-process.ts';

export interface WorkerLaunch {
  /** The module a worker runs: `worker.ts`, or a scripted one in tests. */
  readonly module: URL;
  /** Extra environment, such as CASARE_HOME and CASARE_BROWSER. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: WorkerLog;
}

export class ForkedWorker implements WorkerProcess {
  readonly record: WorkerRecord;
  /** Resolves when it waits for a job and has nothing left to prepare; not when its job came first. */
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #launch: WorkerLaunch;
  #onMessage: (message: FromWorker) => void = () => undefined;
  readonly exited: Promise<string>;

  constructor(launch: WorkerLaunch, environment: NodeJS.ProcessEnv) {
    this.#launch = launch;
    const marker = randomUUID();
    this.#child = fork(launch.module, [], {
      detached: true,
      serialization: 'json',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: nodeFlags(launch.module),
      env: {
        ...inherited(environment),
        ...launch.environment,
        ...scratchEnvironment(marker),
        [MARKER_VARIABLE]: marker,
      },
    });
    const pid = this.#child.pid ?? 0;
    this.record = { pid, startTicks: startTicksOf(pid) ?? 0, marker };
    this.#hold();
    const prepared = Promise.withResolvers<void>();
    this.ready = prepared.promise;
    this.exited = this.#watch((message) => {
      if (message.type === 'ready') prepared.resolve();
      this.#onMessage(message);
    });
  }

  /** All there is to know of it stands in the record. From now on there is a folder for its temporary files. */
  attach(onMessage: (message: FromWorker) => void): void {
    makeScratch(this.record.marker);
    this.#onMessage = onMessage;
  }

  send(message: ToWorker): void {
    if (!this.#child.connected) return;
    // a failed send means the process is ending: `exited` tells
    this.#child.send(message, () => undefined);
  }

  kill(): void {
    if (this.record.pid !== 0) killTree(this.record);
  }

  /** A worker that cannot be held would leave behind what it starts: it gets no run. */
  #hold(): void {
    try {
      holdTree(this.record);
    } catch (error) {
      this.#launch.log('warn', `worker ${this.record.pid} cannot be held, and is ended: ${describe(error)}`);
      this.#child.kill();
    }
  }

  #watch(onMessage: (message: FromWorker) => void): Promise<string> {
    const child = this.#child;
    this.#logLines(child.stdout);
    this.#logLines(child.stderr);
    child.on('message', (raw) => receiveFrom(this, raw, onMessage, this.#launch.log));
    return new Promise((resolve) => {
      child.once('error', (error) => {
        removeScratch(this.record.marker);
        resolve(error.message);
      });
      child.once('exit', (code, signal) => {
        this.kill();
        removeScratch(this.record.marker);
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
  }

  #logLines(stream: Readable | null): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      this.#launch.log('debug', `worker ${this.record.pid}: ${line.slice(0, LOG_LINE_CHARACTERS)}`);
    });
  }
}
