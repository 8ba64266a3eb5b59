/**
 * A program under a service manager: when it ends it is started again, unless it is being kept down. Signals go to this
 * process alone, by its id.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { startProgram, type Program } from '../support/program.ts';

export interface UnitOptions {
  readonly name: string;
  /** Path in the checkout, and what comes after it. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
}

/** How long a program that ended by itself stays down, milliseconds. */
const AGAIN_MS = 1_000;

export class Unit {
  readonly name: string;
  readonly #options: UnitOptions;
  #program: Program;
  #isStopped = false;
  #isWanted = true;
  #downUntil = 0;
  /** Ends that nobody caused: the last line that it had written. */
  readonly ownEnds: string[] = [];
  readonly #closed: Promise<void>;

  constructor(options: UnitOptions) {
    this.name = options.name;
    this.#options = options;
    this.#program = this.#start();
    this.#closed = this.#keepUp();
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** Ends it by `signal`, and starts it again `downMs` after that. */
  async end(signal: 'SIGKILL' | 'SIGTERM', downMs: number): Promise<void> {
    this.#downUntil = performance.now() + downMs;
    const program = this.#program;
    this.continue();
    await program.end(signal);
  }

  /** It stands still until `continue`. */
  stop(): void {
    process.kill(this.pid, 'SIGSTOP');
    this.#isStopped = true;
  }

  continue(): void {
    if (this.#isStopped) process.kill(this.pid, 'SIGCONT');
    this.#isStopped = false;
  }

  /** For good. */
  async close(): Promise<void> {
    this.#isWanted = false;
    await this.end('SIGTERM', 0);
    await this.#closed;
  }

  #isOver(): boolean {
    return !this.#isWanted;
  }

  async #lastLine(): Promise<string> {
    return (await readFile(this.#options.log, 'utf8')).trimEnd().split('\n').at(-1)!;
  }

  #start(): Program {
    const { script, args, env, log } = this.#options;
    return startProgram(script, args, env, log);
  }

  async #keepUp(): Promise<void> {
    for (;;) {
      await this.#program.ended;
      if (this.#isOver()) return;
      this.#isStopped = false;
      const wasTold = this.#downUntil > 0;
      if (!wasTold) this.ownEnds.push(await this.#lastLine());
      await pause(wasTold ? Math.max(0, this.#downUntil - performance.now()) : AGAIN_MS);
      if (this.#isOver()) return;
      this.#downUntil = 0;
      this.#program = this.#start();
    }
  }
}
