/** Test support: directories, child processes and servers of one test, all ended and removed with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, chown, lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { silentLog } from '../../log.ts';
import { openDatabase, type Database } from '../pool.ts';
import { isAlive, stopServer } from './process.ts';
import { startEmbeddedPostgres, type EmbeddedOptions, type EmbeddedPostgres } from './server.ts';
import type { ChildEvent } from './testing-child.ts';

/** A user to run a child as. */
export interface As {
  readonly uid: number;
  readonly gid: number;
}

export const isRoot = process.getuid?.() === 0;
export const NOBODY: As = { uid: 65_534, gid: 65_534 };

export interface OwnerProcess {
  readonly process: ChildProcess;
  /** The first event: ready or fault. */
  readonly first: ChildEvent;
  stop(): Promise<void>;
}

export class Scene {
  readonly #undo: (() => Promise<unknown>)[] = [];

  /** An empty directory that every user may pass through. */
  async directory(owner?: As): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'casare-embedded-'));
    await chmod(directory, 0o711);
    if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
    this.#undo.push(() => rm(directory, { recursive: true, force: true }));
    return directory;
  }

  /** A server owned by this process. */
  async start(home: string, extra: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> {
    const postgres = await startEmbeddedPostgres({ ...inHome(home), log: silentLog, ...extra });
    this.#undo.push(() => postgres.stop());
    return postgres;
  }

  /** A server owned by a child process. */
  async startChild(home: string, as?: As, extra: Partial<EmbeddedOptions> = {}): Promise<OwnerProcess> {
    const script = join(import.meta.dirname, 'testing-child.ts');
    const args = ['--disable-warning=ExperimentalWarning', script, JSON.stringify({ ...inHome(home), ...extra })];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/', ...as });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#undo.push(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) throw new Error('the child ended without a word');
    const event = JSON.parse(first.value) as ChildEvent;
    if (event.kind === 'ready') this.endAfterwards(event.pid);
    return {
      process: child,
      first: event,
      stop: async () => {
        child.stdin.end();
        await ended;
      },
    };
  }

  database(url: string): Database {
    const db = openDatabase(url);
    this.#undo.push(() => db.close());
    return db;
  }

  /** Stops a server that a killed child leaves behind, if it still runs. */
  endAfterwards(pid: number): void {
    this.#undo.push(async () => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (isAlive(pid) && command.includes('casare-embedded-')) await stopServer(undefined, '', pid);
    });
  }

  undo(action: () => Promise<unknown>): void {
    this.#undo.push(action);
  }

  async end(): Promise<void> {
    for (const action of this.#undo.splice(0).reverse()) await action();
  }
}

/** Kills at once and waits until the process is gone. */
export async function killHard(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await ended;
}

function inHome(home: string): { dataDir: string; logFile: string } {
  return { dataDir: join(home, 'postgres'), logFile: join(home, 'postgres.log') };
}

/** Gives a copy the owners of its original, as `cp -a` would. */
export async function giveLike(original: string, copy: string): Promise<void> {
  if (!isRoot) return;
  for (const entry of ['', ...(await readdir(original, { recursive: true }))]) {
    const found = await lstat(join(original, entry)).catch(() => undefined);
    if (found !== undefined) await chown(join(copy, entry), found.uid, found.gid).catch(() => undefined);
  }
}
