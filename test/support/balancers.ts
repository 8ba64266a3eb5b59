/**
 * haproxy and nginx out of Debian's packages (`debian.ts`). Where they cannot be had, the reason is given.
 */
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { unpackDebian } from './debian.ts';
import { until } from './stack.ts';

const run = promisify(execFile);

export interface Balancers {
  /** Checks and starts `config` as haproxy's; resolves when `ports` answer. */
  haproxy(config: string, folder: string, ports: readonly number[]): Promise<Balancer>;
  /** The same for nginx; `http` and `stream` are the insides of those blocks. */
  nginx(blocks: { http: string; stream: string }, folder: string, ports: readonly number[]): Promise<Balancer>;
}

export interface Balancer {
  /** What it wrote. */
  output(): string;
  stop(): Promise<void>;
}

/** The programs, or why they are not to be had. */
export async function findBalancers(): Promise<Balancers | { readonly reason: string }> {
  try {
    const { path: unpacked, env } = await unpackDebian('balancers', ['haproxy', 'nginx', 'libnginx-mod-stream']);
    const programs = { haproxy: unpacked('usr/sbin/haproxy'), nginx: unpacked('usr/sbin/nginx') };
    await run(programs.haproxy, ['-v'], { env });
    await run(programs.nginx, ['-v'], { env });
    return balancersOf(programs, unpacked('usr/lib/nginx/modules/ngx_stream_module.so'), env);
  } catch (error) {
    return { reason: `haproxy and nginx cannot be had from Debian's packages (${lineOf(error)})` };
  }
}

function balancersOf(
  programs: { readonly haproxy: string; readonly nginx: string },
  streamModule: string,
  env: NodeJS.ProcessEnv,
): Balancers {
  return {
    async haproxy(config, folder, ports) {
      const file = path.join(folder, 'haproxy.cfg');
      await writeFile(file, config);
      await run(programs.haproxy, ['-c', '-f', file], { env });
      return start(programs.haproxy, ['-db', '-f', file], env, ports);
    },
    async nginx({ http, stream }, folder, ports) {
      const file = path.join(folder, 'nginx.conf');
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      const paths = temporary.map((name) => `${name}_temp_path ${path.join(folder, `nginx-${name}`)};`).join('\n');
      await writeFile(
        file,
        `load_module ${streamModule};
        daemon off; master_process off; pid ${path.join(folder, 'nginx.pid')}; error_log stderr;
        events { worker_connections 256; }
        http { ${paths} ${http} }
        stream { ${stream} }`,
      );
      return start(programs.nginx, ['-p', folder, '-e', 'stderr', '-c', file], env, ports);
    },
  };
}

async function start(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ports: readonly number[],
): Promise<Balancer> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  };
  try {
    await until(`${path.basename(program)}: ${output}`, 10_000, async () => {
      if (child.exitCode !== null) throw new Error(`${path.basename(program)} ended: ${output}`);
      return (await Promise.all(ports.map(answers))).every(Boolean);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { output: () => output, stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

function lineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 200);
}
