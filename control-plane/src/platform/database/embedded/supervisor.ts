/**
 * Keeps one PostgreSQL server running: start or adopt, watch, restart with growing pauses, stop.
 *
 * Invariants: one loop owns the server; at most `restarts` failed starts in a row; the port stays the same for the life
 * of this object, so that pools find the server again by themselves.
 */
import type { ChildProcess } from 'node:child_process';
import { Client } from 'pg';
import { Fault } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { backoffMs, pause } from '../backoff.ts';
import { connectionConfig, withDatabase } from '../connection.ts';
import { failureCode } from '../failure.ts';
import type { Binaries } from './binaries.ts';
import type { ServerRecord } from './home.ts';
import type { RunAs } from './identity.ts';
import { lastComplaint, logSize, turnOverLog } from './log-file.ts';
import { findRunning, freePort, isProgramGone, launch, stopServer, untilEnded, untilReady } from './process.ts';
import { storageFault } from './storage-faults.ts';

/** How the supervision ended. */
export type EmbeddedExit = { readonly reason: 'stopped' } | { readonly reason: 'failed'; readonly fault: Fault };

/** `down`: it died and is being restarted; `up`: it answers again; `failed`: given up. */
export type ServerChange =
  | { readonly kind: 'down' }
  | { readonly kind: 'up'; readonly pid: number }
  | { readonly kind: 'failed'; readonly fault: Fault };

export interface SupervisorOptions {
  readonly binaries: Binaries;
  readonly data: string;
  readonly record: ServerRecord;
  readonly runAs: RunAs | undefined;
  readonly logFile: string;
  readonly log: Log;
  readonly settings: Readonly<Record<string, string>>;
  readonly random: () => number;
  readonly restarts: number;
  readonly savePort: (port: number) => Promise<void>;
}

const DATABASE = 'casare';
const STEADY_MS = 60_000;
/** Crash recovery replays the log since the last checkpoint; a large database on a slow disk may need minutes. */
const READY_WITHIN_MS = 600_000;
const ADOPT_WITHIN_MS = 30_000;
const LOG_CHECK_MS = 600_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #listeners = new Set<(change: ServerChange) => void>();
  readonly #stopping = new AbortController();
  readonly #exit = Promise.withResolvers<EmbeddedExit>();
  #port = 0;
  #pid = 0;
  #running = false;
  #adopted = false;
  #stopped: Promise<void> | undefined;
  #failures = 0;
  #lastUp = performance.now();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get url(): string {
    return serverUrl(this.#options.record.password, this.#port);
  }

  get pid(): number {
    return this.#pid;
  }

  get adopted(): boolean {
    return this.#adopted;
  }

  get exited(): Promise<EmbeddedExit> {
    return this.#exit.promise;
  }

  onChange(listener: (change: ServerChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adopts or starts the server, and begins to watch it. */
  async start(): Promise<void> {
    this.#adopted = await this.#adopt();
    if (!this.#adopted) await this.#startOnFreePort();
    try {
      await this.#createDatabase();
    } catch (error) {
      await this.#end();
      throw error;
    }
    void this.#watch();
  }

  /** Stops the server; safe to call twice, and while it is being restarted. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      this.#stopping.abort();
      await this.#end();
      await this.#exit.promise;
    })();
    return this.#stopped;
  }

  /** A method: what it answers changes while others are awaited. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Ends the server, if there is one. A process id is forgotten with its process: the system will use it again. */
  async #end(): Promise<void> {
    const pid = this.#pid;
    if (pid !== 0 && this.#running) await stopServer(this.#options.binaries, this.#options.data, pid);
    this.#running = false;
  }

  async #adopt(): Promise<boolean> {
    const { data, log } = this.#options;
    const running = await findRunning(data);
    if (running === undefined) return false;
    this.#pid = running.pid;
    this.#running = true;
    this.#port = running.port;
    const usable = running.port > 0 && !(await isProgramGone(running.pid));
    const answer = usable ? untilReady(this.#adminUrl(), data, running.pid, ADOPT_WITHIN_MS) : undefined;
    if ((await answer?.catch(() => undefined)) === 'ready') {
      log.info('adopted the running database', { pid: running.pid, port: running.port });
      await this.#options.savePort(running.port);
      return true;
    }
    log.warn('the running database cannot be adopted; restarting it', { pid: running.pid });
    await this.#end();
    return false;
  }

  /** The recorded port first. Somebody may take a free port between our look and the server's start: look again. */
  async #startOnFreePort(): Promise<void> {
    let preferred = this.#options.record.port;
    for (let tries = 1; ; tries++) {
      this.#port = await freePort(preferred, this.#options.random);
      try {
        await this.#startOnce();
        break;
      } catch (error) {
        if (tries >= 5 || !/Address already in use|shared memory block/.test(String(error))) throw error;
        if (/Address already in use/.test(String(error))) preferred = undefined;
        await pause(backoffMs(tries, this.#backoff()));
      }
    }
    await this.#options.savePort(this.#port);
  }

  /** One start; throws a fault that quotes what the server said. */
  async #startOnce(): Promise<void> {
    const { data, logFile, log } = this.#options;
    await turnOverLog(logFile);
    const mark = await logSize(logFile);
    const child = await launch({ ...this.#options, port: this.#port });
    const broken = spawnFailure(child);
    if (child.pid === undefined) throw startFailed((await broken)?.message ?? 'it cannot be run', logFile);
    child.unref(); // Our process may end before it, on purpose or not.
    this.#pid = child.pid;
    this.#running = true;
    const outcome = await untilReady(this.#adminUrl(), data, child.pid, READY_WITHIN_MS).catch(
      async (error: unknown) => {
        await this.#end();
        throw failureCode(error) === '28P01' ? passwordRefused(data, error) : error;
      },
    );
    if (outcome === 'ready') {
      log.info('the database is running', { pid: child.pid, port: this.#port });
      return;
    }
    await this.#end();
    const complaint = outcome === 'slow' ? 'it did not answer for ten minutes' : await lastComplaint(logFile, mark);
    const known = storageFault(new Error(complaint), data);
    throw known instanceof Fault ? known : startFailed(complaint, logFile);
  }

  /** The loop that owns the server until it is stopped or given up. */
  async #watch(): Promise<void> {
    const { logFile, log } = this.#options;
    const logCheck = setInterval(() => void turnOverLog(logFile).catch(() => undefined), LOG_CHECK_MS);
    logCheck.unref();
    try {
      for (;;) {
        await untilEnded(this.#pid, Infinity, this.#stopping.signal);
        if (this.#isStopping()) break;
        this.#running = false;
        log.error('the database died; restarting it', { pid: this.#pid });
        this.#tell({ kind: 'down' });
        const fault = await this.#restart();
        if (this.#isStopping()) break;
        if (fault !== undefined) {
          log.error('the database could not be restarted', { reason: fault.toLine() });
          this.#tell({ kind: 'failed', fault });
          this.#exit.resolve({ reason: 'failed', fault });
          return;
        }
        this.#tell({ kind: 'up', pid: this.#pid });
      }
      await untilEnded(this.#pid, 10_000);
      this.#exit.resolve({ reason: 'stopped' });
    } finally {
      clearInterval(logCheck);
    }
  }

  /** Tries until it runs; returns why not after `restarts` failures in a row, or undefined. */
  async #restart(): Promise<Fault | undefined> {
    if (performance.now() - this.#lastUp > STEADY_MS) this.#failures = 0;
    for (;;) {
      try {
        await this.#startOnce();
        // Counts as a failure until it has run for a while: a server that dies right after each start is broken too.
        this.#failures += 1;
        this.#lastUp = performance.now();
        if (this.#isStopping()) await this.#end();
        return undefined;
      } catch (error) {
        this.#failures += 1;
        const fault = error instanceof Fault ? error : startFailed(String(error), this.#options.logFile);
        if (this.#failures >= this.#options.restarts) return fault;
        this.#options.log.warn('the database did not start', { failures: this.#failures, reason: fault.toLine() });
      }
      await pause(backoffMs(this.#failures, this.#backoff()), this.#stopping.signal);
      if (this.#isStopping()) return undefined;
    }
  }

  async #createDatabase(): Promise<void> {
    const client = new Client(connectionConfig(this.#adminUrl()));
    client.on('error', () => undefined);
    await client.connect();
    try {
      const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
      if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  #adminUrl(): string {
    return withDatabase(this.url, 'postgres');
  }

  #backoff() {
    return { baseMs: 100, capMs: 5_000, random: this.#options.random };
  }

  #tell(change: ServerChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#options.log.error('a listener of the database failed', { error });
      }
    }
  }
}

function passwordRefused(data: string, cause: unknown): Fault {
  return new Fault({
    code: 'DATABASE_LOGIN_REFUSED',
    what: 'The embedded database refused the login',
    why: `server.json does not hold the password of the data in ${data}`,
    fix: 'Restore server.json and the data from the same backup',
    cause,
  });
}

/** The error of a program that could not be run; also keeps a late error from being uncaught. */
function spawnFailure(child: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once('error', resolve);
    child.once('spawn', () => resolve(undefined));
  });
}

function startFailed(why: string, logFile: string): Fault {
  return new Fault({
    code: 'DATABASE_START_FAILED',
    what: 'The embedded database did not start',
    why: why === '' ? 'it ended without a word' : why,
    fix: `See ${logFile}`,
  });
}

/** Of the database `casare`, as the server's owner. */
export function serverUrl(password: string, port: number): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/${DATABASE}`;
}
