/** Test support: the agent's own program, from its sources, as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A command of `casare-agent` that runs. */
export interface AgentProgram {
  readonly child: ChildProcess;
  /** Everything it said. */
  output: string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

const MAIN = new URL('../../../edge-agent/src/cli/main.ts', import.meta.url).pathname;
const FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning', MAIN];

export class AgentPrograms {
  #running: AgentProgram[] = [];

  start(argv: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): AgentProgram {
    const child = spawn(process.execPath, [...FLAGS, ...argv], {
      // a browser that is not there: the probe must not take the time
      env: { ...process.env, CASARE_BROWSER: '/does/not/exist', ...env },
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const started: AgentProgram = { child, output: '', ended };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (started.output += String(chunk)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    this.#running.push(started);
    return started;
  }

  /** Kills what still runs. */
  async end(): Promise<void> {
    for (const { child } of this.#running) child.kill('SIGKILL');
    await Promise.all(this.#running.map((started) => started.ended));
    this.#running = [];
  }
}
