/** PgBouncer in transaction mode out of Debian's packages, in front of a PostgreSQL server on loopback. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { unpackDebian } from './debian.ts';
import { freePorts } from './ports.ts';

/** Whom it lets in, and knows the server's password of. */
interface PoolerLogin {
  readonly user: string;
  readonly password: string;
}

export interface Pooler {
  /** The same address, past the pooler's port. */
  through(url: string): string;
  stop(): Promise<void>;
}

export interface PoolerOptions {
  /** Connections to the server, for each database and user. */
  readonly poolSize: number;
  /** Connections that clients may have. */
  readonly clients: number;
}

export type StartPooler = (url: string, logins: readonly PoolerLogin[], options: PoolerOptions) => Promise<Pooler>;

const START_MS = 10_000;
/** It does not run as root: then it is nobody. */
const NOBODY = 65_534;

/** The way to start one, or why there is none. */
export async function findPgBouncer(): Promise<StartPooler | { readonly reason: string }> {
  try {
    const { path: file, env } = await unpackDebian('pgbouncer', ['pgbouncer']);
    return (url, logins, options) => start(file('usr/sbin/pgbouncer'), env, new URL(url), logins, options);
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    return { reason: `pgbouncer cannot be had from Debian's packages (${line})` };
  }
}

async function start(
  program: string,
  env: NodeJS.ProcessEnv,
  server: URL,
  logins: readonly PoolerLogin[],
  { poolSize, clients }: PoolerOptions,
): Promise<Pooler> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'casare-pgbouncer-'));
  await chmod(folder, 0o755);
  const [port] = await freePorts(1);
  const users = path.join(folder, 'users.txt');
  await writeFile(users, logins.map(({ user, password }) => `"${user}" "${password}"\n`).join(''));
  const config = path.join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = ${clients}
log_connections = 0
log_disconnections = 0
`,
  );
  const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(program, [config], { env, stdio: ['ignore', 'ignore', 'pipe'], cwd: '/', ...asNobody });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = `${said}${String(text)}`.slice(-2_000);
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const until = performance.now() + START_MS;
  while (!(await answers(port!))) {
    await pause(50);
    if (performance.now() < until && child.exitCode === null) continue;
    await stop();
    throw new Error(`pgbouncer did not start: ${said}`);
  }
  return {
    through(url) {
      const changed = new URL(url);
      changed.port = String(port);
      return changed.href;
    },
    stop,
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const answer = (is: boolean) => (): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}
