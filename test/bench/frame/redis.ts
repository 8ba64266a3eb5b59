/** A real Redis for peers that need one, out of Debian's packages; it flushes at every write, as PostgreSQL does. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { unpackDebian } from '../../support/debian.ts';
import { freePorts } from '../../support/ports.ts';

const run = promisify(execFile);
const START_MS = 10_000;

export interface Redis {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts an empty one below `folder`, as often as it is called. */
export type StartRedis = (folder: string) => Promise<Redis>;

/** The way to start one, or why there is none. */
export async function findRedis(): Promise<StartRedis | { readonly reason: string }> {
  try {
    const { program, env } = await unpacked();
    return (folder) => start(program, env, folder);
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    return { reason: `redis-server cannot be had from Debian's packages (${line})` };
  }
}

/** Of the Redis that is started here. */
export async function redisVersion(): Promise<string> {
  return (await unpacked()).version;
}

async function unpacked() {
  const { path: file, env } = await unpackDebian('redis', ['redis-server', 'redis-tools']);
  const program = file('usr/bin/redis-server');
  const { stdout } = await run(program, ['--version'], { env });
  return { program, env, version: /\bv=(\S+)/.exec(stdout)?.[1] ?? 'unknown' };
}

async function start(program: string, env: NodeJS.ProcessEnv, folder: string): Promise<Redis> {
  const dir = await mkdtemp(path.join(folder, 'redis-'));
  const [port] = await freePorts(1);
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...durable], {
    env,
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  for (const until = performance.now() + START_MS; !(await answers(port!));) {
    if (performance.now() < until && child.exitCode === null) continue;
    await stop();
    throw new Error('redis-server did not start');
  }
  return { port: port!, pid: child.pid!, stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (up: boolean): void => {
      socket.destroy();
      setTimeout(resolve, up ? 0 : 20, up);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
