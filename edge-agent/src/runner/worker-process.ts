/**
 * One worker process, seen from the agent: its own process group, an environment by allow-list, a bounded heap, parsed
 * messages. It serves one run and ends; whatever it leaves behind is killed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { describe } from '../fault.ts';
import type { WorkerRecord } from '../outbox/index.ts';
import { FromWorker, type ToWorker } from './ipc.ts';
import { holdTree, killTree, MARKER_VARIABLE, startTicksOf } from './process-tree.ts';
import { makeScratch, removeScratch, scratchEnvironment } from './scratch.ts';

const HEAP_MEGABYTES = 1_024;
const LOG_LINE_CHARACTERS = 2_000;
const REASON_CHARACTERS = 2_000;
/** A message that waits for an answer. */
const Request = z.object({ request: z.int().min(1) });
/** What a worker inherits: finding programs, a display, a proxy; never our own configuration. */
const INHERITED = [
  'PATH HOME USER LOGNAME LANG LC_ALL TZ TMPDIR TMP TEMP DISPLAY WAYLAND_DISPLAY XAUTHORITY XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS LD_LIBRARY_PATH FONTCONFIG_PATH HTTPS_PROXY HTTP_PROXY NO_PROXY NODE_EXTRA_CA_CERTS',
  'SystemRoot SystemDrive WINDIR USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA ProgramFiles ProgramFiles(x86) PATHEXT COMSPEC',
].flatMap((line) => line.split(' '));

export interface WorkerLaunch {
  /** The module a worker runs: `worker.ts`, or a scripted one in tests. */
  readonly module: URL;
  /** Extra environment, such as CASARE_HOME and CASARE_BROWSER. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (level: 'debug' | 'warn', message: string) => void;
}

export class WorkerProcess {
  readonly record: WorkerRecord;
  readonly #child: ChildProcess;
  readonly #launch: WorkerLaunch;
  #onMessage: (message: FromWorker) => void = () => undefined;
  /** Resolves, once, with why the process ended; everything it started is gone by then. */
  readonly exited: Promise<string>;

  constructor(launch: WorkerLaunch, environment: NodeJS.ProcessEnv) {
    this.#launch = launch;
    const marker = randomUUID();
    this.#child = fork(launch.module, [], {
      detached: true,
      serialization: 'json',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`, ...sourceConditions(launch.module)],
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
    this.exited = this.#watch();
  }

  /**
   * Gives the worker to a run: who gets its messages, and from now on a folder for its temporary files. The run has put
   * the worker on record before, so that no folder is left that nobody knows of.
   */
  attach(onMessage: (message: FromWorker) => void): void {
    makeScratch(this.record.marker);
    this.#onMessage = onMessage;
  }

  send(message: ToWorker): void {
    if (!this.#child.connected) return;
    // a failed send means the process is ending: `exited` tells
    this.#child.send(message, () => undefined);
  }

  /** Kills the worker and everything it started. */
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

  #watch(): Promise<string> {
    const child = this.#child;
    this.#logLines(child.stdout);
    this.#logLines(child.stderr);
    child.on('message', (raw) => this.#receive(raw));
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

  #receive(raw: unknown): void {
    const { message, wrong } = parse(raw);
    if (message !== null) {
      this.#onMessage(message);
      return;
    }
    const asked = Request.safeParse(raw);
    this.#launch.log(
      'warn',
      `worker ${this.record.pid} sent what is no message${asked.success ? '' : ': ended'}: ${wrong}`,
    );
    // Whoever waits for an answer hears what was wrong with the question: the run ends by it.
    if (asked.success)
      this.send({ type: 'refused', request: asked.data.request, code: 'MESSAGE_INVALID', reason: wrong });
    else this.kill();
  }

  #logLines(stream: Readable | null): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      this.#launch.log('debug', `worker ${this.record.pid}: ${line.slice(0, LOG_LINE_CHARACTERS)}`);
    });
  }
}

/** A nesting too deep for the parser throws instead of failing: both are no message. */
function parse(raw: unknown): { message: FromWorker; wrong: null } | { message: null; wrong: string } {
  try {
    const message = FromWorker.safeParse(raw);
    if (message.success) return { message: message.data, wrong: null };
    return { message: null, wrong: z.prettifyError(message.error).slice(0, REASON_CHARACTERS) };
  } catch (error) {
    return { message: null, wrong: describe(error).slice(0, REASON_CHARACTERS) };
  }
}

/** Running from the TypeScript sources, a worker resolves the workspaces to theirs. */
function sourceConditions(module: URL): string[] {
  return module.pathname.endsWith('.ts') ? ['--conditions=source', '--no-warnings=ExperimentalWarning'] : [];
}

function inherited(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    INHERITED.map((name) => [name, environment[name]] as const).filter(([, value]) => value !== undefined),
  );
}
