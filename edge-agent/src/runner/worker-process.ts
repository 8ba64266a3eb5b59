/**
 * One worker, seen from the agent: it serves one run and ends, and whatever it leaves behind is killed. What stands above
 * it knows this much and not how it is started: forked by the agent (`forked-worker.ts`), or by a worker host of another
 * user (`worker-host/`). Its messages are parsed here, whichever way they came.
 */
import { z } from 'zod';
import { describe } from '../fault.ts';
import type { WorkerRecord } from '../outbox/index.ts';
import { FromWorker, type ToWorker } from './ipc.ts';

/** Of a worker's memory, old space. */
export const HEAP_MEGABYTES = 1_024;
/** Of a line that a worker prints. */
export const LOG_LINE_CHARACTERS = 2_000;
const REASON_CHARACTERS = 2_000;
/** A message that waits for an answer. */
const Request = z.object({ request: z.int().min(1) });
/** What a worker inherits: finding programs, a display, a proxy; never our own configuration. */
const INHERITED = [
  'PATH HOME USER LOGNAME LANG LC_ALL TZ TMPDIR TMP TEMP DISPLAY WAYLAND_DISPLAY XAUTHORITY XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS LD_LIBRARY_PATH FONTCONFIG_PATH HTTPS_PROXY HTTP_PROXY NO_PROXY NODE_EXTRA_CA_CERTS',
  'SystemRoot SystemDrive WINDIR USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA ProgramFiles ProgramFiles(x86) PATHEXT COMSPEC',
].flatMap((line) => line.split(' '));

export type WorkerLog = (level: 'debug' | 'warn', message: string) => void;

export interface WorkerProcess {
  /** Known before the process is; `attach` tells of what is learned later. */
  readonly record: WorkerRecord;
  /** Resolves, once, with why the process ended; everything it started is gone by then. */
  readonly exited: Promise<string>;
  /**
   * Gives the worker to a run: who gets its messages, and who writes down what is learned of it. The run has put the worker
   * on record before, so that nothing is left of it that nobody knows of.
   */
  attach(onMessage: (message: FromWorker) => void, onRecord: (record: WorkerRecord) => void): void;
  send(message: ToWorker): void;
  /** Kills the worker and everything it started. */
  kill(): void;
}

/**
 * Hands a raw message on. Whoever waits for an answer to one that is none hears what was wrong with the question: the run
 * ends by it. What asks for nothing and is no message ends the worker.
 */
export function receiveFrom(
  worker: Pick<WorkerProcess, 'record' | 'send' | 'kill'>,
  raw: unknown,
  onMessage: (message: FromWorker) => void,
  log: WorkerLog,
): void {
  const { message, wrong } = parse(raw);
  if (message !== null) {
    onMessage(message);
    return;
  }
  const asked = Request.safeParse(raw);
  log('warn', `worker ${worker.record.pid} sent what is no message${asked.success ? '' : ': ended'}: ${wrong}`);
  if (asked.success)
    worker.send({ type: 'refused', request: asked.data.request, code: 'MESSAGE_INVALID', reason: wrong });
  else worker.kill();
}

/** Of an environment what a worker may see of it. */
export function inherited(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    INHERITED.map((name) => [name, environment[name]] as const).filter(([, value]) => value !== undefined),
  );
}

/**
 * How Node runs a worker. Playwright notes a stack for each message to the browser, forty in a round of five steps, and nothing
 * shows stacks of a worker: short ones do. From the TypeScript sources a worker resolves the workspaces to theirs.
 */
export function nodeFlags(module: URL): string[] {
  const own = [`--max-old-space-size=${HEAP_MEGABYTES}`, '--stack-trace-limit=3', '--no-async-stack-traces'];
  const source = ['--conditions=source', '--no-warnings=ExperimentalWarning'];
  return [...own, ...(module.pathname.endsWith('.ts') ? source : [])];
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
