/** Real programs of the checkout as child processes: started, killed by pid, never left behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const FLAGS = ['--disable-warning=ExperimentalWarning', '--enable-source-maps'];

/** A program that runs. */
export interface Program {
  readonly pid: number;
  /** Resolves with the exit code, or null for a signal, once its output is complete. */
  readonly ended: Promise<number | null>;
  /** Resolves with the first line of its standard output that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Sends a signal and resolves when it has ended. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `script` (path in the checkout) under this Node; its output goes to `log`. */
export function startProgram(script: string, args: readonly string[], env: NodeJS.ProcessEnv, log: string): Program {
  const child = spawn(process.execPath, [...FLAGS, path.join(ROOT, script), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const out = createWriteStream(log, { flags: 'a' });
  child.stderr!.pipe(out, { end: false });
  createInterface({ input: child.stdout! }).on('line', (line) => {
    out.write(`${line}\n`);
    lines.push(line);
    for (const look of waiting) look();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    pid: child.pid!,
    ended,
    line: (pattern) => firstLine(lines, waiting, ended, pattern),
    end: ender(child, ended),
  };
}

function firstLine(
  lines: readonly string[],
  waiting: Set<() => void>,
  ended: Promise<unknown>,
  pattern: RegExp,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = lines.find((line) => pattern.test(line));
      if (found === undefined) return;
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
    void ended.then(() => reject(new Error(`ended before it said ${pattern}: ${lines.slice(-5).join(' | ')}`)));
  });
}

function ender(child: ChildProcess, ended: Promise<unknown>): Program['end'] {
  return async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
}
