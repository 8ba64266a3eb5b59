/**
 * One PostgreSQL server process: find it, start it, wait for it, stop it.
 *
 * Invariant: a process is treated as ours only if its command line names our data directory; a process id alone is
 * never trusted (ids are reused, and a restored directory brings the id of another machine).
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { open, readFile, readlink, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { pause } from '../backoff.ts';
import { connectionConfig } from '../connection.ts';
import { isConnectionLoss } from '../failure.ts';
import type { Binaries } from './binaries.ts';
import type { RunAs } from './identity.ts';
import { serverEnvironment } from './initialise.ts';

const run = promisify(execFile);

/** Durable, on loopback only, for two cores. Callers may override, e.g. tests switch `fsync` off. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1', // `localhost` is missing from /etc/hosts on minimal systems.
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  shared_buffers: '256MB',
  jit: 'off',
  max_wal_size: '2GB',
  random_page_cost: '1.1',
  autovacuum_naptime: '10s', // The queue's narrow tables turn over quickly.
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '%m [%p] %q%u@%d ',
};

export interface LaunchOptions {
  readonly binaries: Binaries;
  readonly data: string;
  readonly port: number;
  readonly logFile: string;
  readonly runAs: RunAs | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** Starts the server in its own session: a Ctrl-C on our terminal, and our own death, leave it running. */
export async function launch(options: LaunchOptions): Promise<ChildProcess> {
  const settings = { ...SETTINGS, ...options.settings, port: String(options.port) };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(options.logFile, 'a', 0o600);
  try {
    return spawn(options.binaries.postgres, ['-D', options.data, ...args], {
      detached: true,
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', log.fd, log.fd],
      ...(options.runAs === undefined ? {} : { uid: options.runAs.uid, gid: options.runAs.gid }),
    });
  } finally {
    await log.close();
  }
}

/**
 * The server that is running on our data, if any. A stale `postmaster.pid` is removed when its process id now belongs to
 * another program, because PostgreSQL would take that for a running server. Call only while holding the home's lock.
 */
export async function findRunning(data: string): Promise<{ pid: number; port: number } | undefined> {
  const file = join(data, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return undefined;
  if ((await commandLine(pid)).includes(`-D ${data} `)) return { pid, port: Number(lines[3]) || 0 };
  await rm(file, { force: true });
  return undefined;
}

/** The program file of a running server was replaced or removed (by `npm ci`): it cannot load its libraries any more. */
export async function isProgramGone(pid: number): Promise<boolean> {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
  return program.endsWith(' (deleted)');
}

/** Whether the process exists and has not ended; a zombie has. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Resolves when the process has ended; polls, since it need not be our child. Resolves false after `withinMs`. */
export async function untilEnded(pid: number, withinMs = Infinity, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAlive(pid) && !(await isZombie(pid))) {
    if (performance.now() >= deadline || signal?.aborted === true) return false;
    await pause(Math.min(withinMs, 100), signal);
  }
  return true;
}

/** Stops the server: fast shutdown, then immediate, then by force; each step bounded. Data stay safe with all three. */
export async function stopServer(binaries: Binaries | undefined, data: string, pid: number): Promise<void> {
  if (process.platform === 'win32' && binaries !== undefined) {
    // Windows has no such signals. Not run by our tests: there is no Windows machine.
    await run(binaries.pgCtl, ['stop', '-D', data, '-m', 'fast', '-w', '-t', '10']).catch(() => undefined);
  }
  for (const [signal, withinMs] of [
    ['SIGINT', 6_000] as const,
    ['SIGQUIT', 2_000] as const,
    ['SIGKILL', 1_000] as const,
  ]) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // It has ended.
    }
    if (await untilEnded(pid, withinMs)) return;
  }
}

/** How a start ended. `over`: the process ended before it answered. */
export type StartOutcome = 'ready' | 'over' | 'slow';

/** Waits until a session works and its server is the one on our data. Crash recovery may take its time. */
export async function untilReady(url: string, data: string, pid: number, withinMs: number): Promise<StartOutcome> {
  const deadline = performance.now() + withinMs;
  for (let tries = 0; performance.now() < deadline; tries++) {
    if (!isAlive(pid) || (await isZombie(pid))) return 'over';
    if (await answers(url, data)) return 'ready';
    await pause(Math.min(20 + tries * 10, 250));
  }
  return 'slow';
}

/** A free port on 127.0.0.1: the preferred one if nobody has it, otherwise below the range of outgoing connections. */
export async function freePort(preferred: number | undefined, random: () => number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let tries = 0; tries < 200; tries++) {
    const port = 20_000 + Math.floor(random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port between 20000 and 32000 on 127.0.0.1');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', () => resolve(false));
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

async function answers(url: string, data: string): Promise<boolean> {
  const client = new Client({ ...connectionConfig(url), connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query<{ dir: string }>(`select current_setting('data_directory') as dir`);
    return found.rows[0]?.dir === data;
  } catch (error) {
    if (isConnectionLoss(error)) return false;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function isZombie(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).startsWith('Z');
}

async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
  }
  const [program, args]: [string, string[]] =
    process.platform === 'win32'
      ? [
          'powershell',
          ['-NoProfile', '-Command', `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`],
        ]
      : ['ps', ['-p', String(pid), '-o', 'command=']];
  return run(program, args).then(
    ({ stdout }) => stdout,
    () => '',
  );
}
