/** A worker process as its host has it: started, ended with everything it started, its lines read. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe } from '../fault.ts';
import { holdTree, killTree, MARKER_VARIABLE, startTicksOf, treeOf } from '../runner/process-tree.ts';
import { makeScratch, removeScratch, scratchEnvironment, unmakeScratch } from '../runner/scratch.ts';
import { inherited, nodeFlags } from '../runner/worker-process.ts';
import { readLines } from './lines.ts';
import { LINE_CHARACTERS } from './messages.ts';
import type { WorkerTicket } from './worker-link.ts';

/** Until a killed tree is gone, milliseconds: the system takes a moment to end a process. */
const LOOK_AGAIN_MS = 5;
const END_MS = 20_000;

export interface Starting {
  readonly ticket: WorkerTicket;
  readonly module: URL;
  /** Of the host: what of it a worker may see is chosen here. */
  readonly environment: NodeJS.ProcessEnv;
  /** What every worker of the host gets. */
  readonly given: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  /** Nothing that it started is left. */
  readonly onExit: (why: string) => void;
  /** Ends what is left of workers that are over; how many it found alive. */
  readonly endStrays: () => number;
  /** Resolves when what the host tries things with is no longer among its children, and `endStrays` can tell what is left. */
  readonly settled: Promise<void>;
  /** Something of it does not end. */
  readonly onStuck: (why: string) => void;
}

/** The constructor throws where the system has no room for one; nothing of it is left then. */
export class StartedWorker {
  readonly record: { readonly pid: number; readonly startTicks: number; readonly marker: string };
  readonly #child: ChildProcess;
  readonly #endStrays: () => number;
  readonly #settled: Promise<void>;
  /** Node has taken note of its end, or it never was. */
  readonly #gone = Promise.withResolvers<void>();

  constructor({ ticket, module, environment, given, onLine, onExit, endStrays, settled, onStuck }: Starting) {
    const { marker } = ticket;
    this.#endStrays = endStrays;
    this.#settled = settled;
    makeScratch(marker);
    const env = { ...inherited(environment), ...given, ...scratchEnvironment(marker), [MARKER_VARIABLE]: marker };
    const child = this.#spawn(module, env, marker);
    this.#child = child;
    const pid = child.pid ?? 0;
    this.record = { pid, startTicks: startTicksOf(pid) ?? 0, marker };
    // One that cannot be held would leave behind what it starts: it never learns what it was started for.
    try {
      holdTree(this.record);
    } catch (error) {
      child.kill();
      onLine(`cannot be held, and is ended: ${describe(error)}`);
    }
    // By a pipe that is closed behind it: neither arguments nor environment, which everything it starts inherits.
    // There are no pipes where the system had none left.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(JSON.stringify(ticket));
    const printed: (Readable | null | undefined)[] = [child.stdout, child.stderr];
    for (const stream of printed) {
      if (stream !== null && stream !== undefined) readLines(stream, LINE_CHARACTERS, onLine);
    }
    const over = (why: string): void =>
      void this.end().then(
        () => onExit(why),
        (error: unknown) => onStuck(describe(error)),
      );
    child.once('error', (error) => {
      if (pid !== 0) return over(error.message);
      this.#gone.resolve();
      unmakeScratch(marker);
      onExit(error.message);
    });
    child.once('exit', (code, signal) => {
      this.#gone.resolve();
      over(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  }

  #spawn(module: URL, env: NodeJS.ProcessEnv, marker: string): ChildProcess {
    const args = [...nodeFlags(module), fileURLToPath(module)];
    try {
      return spawn(process.execPath, args, { detached: true, stdio: 'pipe', windowsHide: true, env });
    } catch (error) {
      unmakeScratch(marker);
      throw error;
    }
  }

  kill(): void {
    killTree(this.record);
  }

  /** Resolves when nothing that it started is left. */
  async end(): Promise<void> {
    this.kill();
    await this.#settled;
    await endTree(this.record, this.#endStrays);
    await this.#gone.promise;
  }

  /** Leaves what it prints where it is, until `then` is called. */
  hold(): () => void {
    this.#child.stdout?.pause();
    this.#child.stderr?.pause();
    return () => {
      this.#child.stdout?.resume();
      this.#child.stderr?.resume();
    };
  }
}

/**
 * Ends a worker and everything it started, and removes its temporary files. Throws when something that is known to be of this
 * worker stays alive; what has become nobody's holds nobody up for longer than that.
 * @param endStrays ends what has become nobody's by the end of workers; how many it found alive
 */
export async function endTree(record: StartedWorker['record'], endStrays: () => number): Promise<void> {
  const until = performance.now() + END_MS;
  for (;;) {
    killTree(record);
    if (process.platform === 'win32') break;
    const [own, strays] = [treeOf(record).length, endStrays()];
    const isLate = performance.now() > until;
    if (own === 0 && (strays === 0 || isLate)) break;
    if (isLate) throw new Error(`processes of worker ${record.marker} do not end`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  removeScratch(record.marker);
}
