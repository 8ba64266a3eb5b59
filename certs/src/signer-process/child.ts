/**
 * The signer as a child of this process: started with nothing but its arguments, used over a socket pair that nobody else
 * can reach, started anew when it dies, ended when this process ends in whatever way.
 *
 * Restarts pause 100 ms, then twice as long each time up to 5 s; a child that lived for 30 s begins anew. They never
 * stop: without a signer nothing is signed, and everything else goes on.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { refuse, accept, type Result } from '../result.ts';
import { createSignerClient, type SignerClient } from './client.ts';
import { readLines } from './lines.ts';
import { readLogLine } from './log-line.ts';
import { parseLine, Ready } from './wire.ts';

export interface SignerChildOptions {
  /** Directory of `master.key`. */
  readonly home: string;
  readonly trustDomain: string;
  readonly gatewayHosts: readonly string[];
  readonly onLog: (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;
}

/** A running signer. */
export interface SignerChild {
  readonly signer: SignerClient;
  /** Of the child that runs now; null between two. */
  readonly pid: number | null;
  /** Resolves when it answers; a refusal when it ended instead, or does not answer in time. */
  ready(): Promise<Result<null, string>>;
  /** Ends the child; at most 3 s. */
  stop(): Promise<void>;
}

const START_MS = 20_000;
const STOP_MS = 3_000;
const MAX_LOG_CHARACTERS = 4_000;
const RESTART_MS = { first: 100, most: 5_000, healthy: 30_000 } as const;
/** Small heap and few threads: it holds keys and signs, one at a time. */
const FLAGS = ['--max-old-space-size=256', '--max-semi-space-size=1', '--disable-warning=ExperimentalWarning'];
/** What a runtime needs of its environment; never ours, which may hold a database's password. */
const INHERITED = ['PATH', 'SystemRoot', 'SystemDrive', 'WINDIR', 'LD_LIBRARY_PATH', 'TZ'];

/** Starts it; `ready` says how that went. */
export function startSignerChild(options: SignerChildOptions): SignerChild {
  return new Child(options);
}

class Child implements SignerChild {
  readonly signer: SignerClient;
  readonly #options: SignerChildOptions;
  #process: ChildProcess | null = null;
  /** The child's end of the pair, until the client takes it. */
  #fresh: Socket | null = null;
  #ended = new AbortController();
  #lastError: { code: string; message: string } | null = null;
  #failures = 0;
  #restart: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: SignerChildOptions) {
    this.#options = options;
    this.#start();
    this.signer = createSignerClient({ dial: () => this.#dial() });
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  async ready(): Promise<Result<null, string>> {
    const first = this.#process;
    const up = this.signer.ready(START_MS);
    const died = new Promise<false>((resolve) => {
      for (const event of ['close', 'error']) first?.once(event, () => resolve(false));
    });
    if (await Promise.race([up, died])) return accept(null);
    const { code, message } = this.#lastError ?? { code: 'SIGNER_NOT_STARTED', message: 'it does not answer in time' };
    return refuse(code, message);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart ?? undefined);
    this.signer.close();
    this.#fresh?.destroy();
    const child = this.#process;
    if (child === null) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.kill('SIGTERM');
    await gone;
    clearTimeout(late);
  }

  #start(): void {
    const { home, trustDomain, gatewayHosts, onLog } = this.#options;
    const hosts = gatewayHosts.flatMap((host) => ['--host', host]);
    const args = ['--home', home, '--trust-domain', trustDomain, ...hosts];
    const entry = new URL(`./main${extensionOf(import.meta.url)}`, import.meta.url);
    const child = spawn(process.execPath, [...FLAGS, fileURLToPath(entry), ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
      windowsHide: true,
    });
    this.#process = child;
    this.#ended = new AbortController();
    const started = performance.now();
    createInterface({ input: child.stderr as Readable }).on('line', (line) => {
      const { level, message, ...fields } = readLogLine(line.slice(0, MAX_LOG_CHARACTERS));
      if (level === 'error') this.#lastError = { code: fields.code ?? 'SIGNER_NOT_STARTED', message };
      onLog(level, message, { ...fields, pid: child.pid });
    });
    const socket = child.stdio[3] as Socket;
    this.#fresh = socket;
    // Whoever ends the connection ends the child: one that hangs is not used again.
    socket.once('close', () => this.#stopped || child.kill('SIGKILL'));
    socket.on('error', () => socket.destroy());
    child.once('error', (error) => this.#onEnd(child, error.message, started));
    child.once('close', (code, signal) => this.#onEnd(child, signal ?? `exit code ${code}`, started));
  }

  #onEnd(child: ChildProcess, how: string, started: number): void {
    if (this.#process !== child) return;
    this.#process = null;
    this.#fresh?.destroy();
    this.#fresh = null;
    this.#ended.abort();
    if (this.#stopped) return;
    if (performance.now() - started > RESTART_MS.healthy) this.#failures = 0;
    const pauseMs = Math.min(RESTART_MS.first * 2 ** this.#failures, RESTART_MS.most) * (0.75 + Math.random() / 2);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#options.onLog('error', 'the signer ended and is started again', { how, pauseMs: Math.round(pauseMs) });
    this.#restart = setTimeout(() => {
      this.#start();
      this.signer.retry();
    }, pauseMs);
  }

  /** The socket of the child that was started last, once that child serves. Each child has one. */
  async #dial(): Promise<Socket> {
    const socket = this.#fresh;
    if (socket === null) throw new Error('it is not running');
    this.#fresh = null;
    const timer = setTimeout(() => socket.destroy(), START_MS);
    try {
      await readyOn(socket, this.#ended.signal);
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function readyOn(socket: Socket, ended: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error('it ended before it was ready'));
    socket.once('close', closed);
    ended.addEventListener('abort', closed, { once: true });
    const stop = readLines(socket, (line) => {
      stop();
      socket.off('close', closed);
      ended.removeEventListener('abort', closed);
      if (parseLine(Ready, line) === null) reject(new Error('it sent what is no greeting'));
      else resolve();
    });
  });
}

/** From the sources a `.ts`, from the build a `.js`: as this file. */
function extensionOf(url: string): string {
  return url.endsWith('.ts') ? '.ts' : '.js';
}
