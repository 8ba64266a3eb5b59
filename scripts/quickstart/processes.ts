/**
 * The programs that the quick start runs: each with its output kept in a log file, stopped in reverse order. A program
 * has an IPC channel that carries nothing: when this process is killed the channel closes, and the program stops.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** A program that runs. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  /** Rejects when the program ends before it was told to, with its last line. */
  readonly failed: Promise<never>;
}

/** How a program is started. */
export interface Program {
  readonly name: string;
  /** Script and arguments for Node. */
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** Each line of its output. */
  readonly onLine?: (line: string) => void;
  /** What it says to its parent. */
  readonly onMessage?: (message: unknown) => void;
}

const STOP_MS = 15_000;
const FLAGS = ['--disable-warning=ExperimentalWarning', '--enable-source-maps'];

export class Processes {
  readonly #logs: string;
  readonly #running: { name: string; child: ChildProcess; ended: Promise<void> }[] = [];
  #stopping = false;

  /** `logs`: the folder of the log files, one for each program. */
  constructor(logs: string) {
    this.#logs = logs;
    mkdirSync(logs, { recursive: true, mode: 0o700 });
  }

  /** Starts a program. */
  start(program: Program): Running {
    const child = spawn(process.execPath, [...FLAGS, ...program.args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...program.env },
    });
    const log = createWriteStream(path.join(this.#logs, `${program.name}.log`), { flags: 'a', mode: 0o600 });
    let last = '';
    const keep = (line: string): void => {
      if (line.trim() !== '') last = line;
      log.write(`${line}\n`);
      program.onLine?.(line);
    };
    createInterface({ input: child.stdout! }).on('line', keep);
    createInterface({ input: child.stderr! }).on('line', keep);
    if (program.onMessage) child.on('message', program.onMessage);
    const ended = new Promise<void>((resolve) => child.once('close', () => log.end(resolve)));
    this.#running.push({ name: program.name, child, ended });
    const failed = new Promise<never>((_, reject) => {
      child.once('close', (code) => {
        if (!this.#stopping) reject(new Error(last || `${program.name} ended (${code ?? 'killed'}) without a word.`));
      });
    });
    failed.catch(() => undefined);
    return { name: program.name, pid: child.pid ?? -1, failed };
  }

  /** Runs a program to its end; rejects with its last line when it fails. */
  async run(program: Program): Promise<void> {
    const running = this.start(program);
    const entry = this.#running.at(-1)!;
    await Promise.race([entry.ended, running.failed.catch(() => undefined)]);
    this.#running.splice(this.#running.indexOf(entry), 1);
    if (entry.child.exitCode !== 0) await running.failed;
  }

  /** Stops everything, the last started first; what does not stop in time is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { child, ended } of this.#running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    this.#running.length = 0;
  }
}
