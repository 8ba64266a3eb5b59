/**
 * haproxy and nginx out of Debian's packages, unpacked into a folder of the checkout's `node_modules` and never
 * installed: no root is needed, and the machine stays as it was. Where that cannot be, the reason is given.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './program.ts';
import { until } from './stack.ts';

const run = promisify(execFile);
const FOLDER = path.join(ROOT, 'node_modules', '.casare-balancers');
const PACKAGES = ['haproxy', 'nginx', 'libnginx-mod-stream'];
const MINUTE_MS = 60_000;

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
    const root = path.join(FOLDER, 'root');
    if (!existsSync(path.join(FOLDER, 'complete'))) await unpack(root);
    const env = { ...process.env, LD_LIBRARY_PATH: await libraries(root) };
    const programs = { haproxy: path.join(root, 'usr/sbin/haproxy'), nginx: path.join(root, 'usr/sbin/nginx') };
    await run(programs.haproxy, ['-v'], { env });
    await run(programs.nginx, ['-v'], { env });
    return balancersOf(programs, path.join(root, 'usr/lib/nginx/modules/ngx_stream_module.so'), env);
  } catch (error) {
    return { reason: `haproxy and nginx cannot be had from Debian's packages (${lineOf(error)})` };
  }
}

async function unpack(root: string): Promise<void> {
  const fresh = `${root}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    const missing = await namesOf().catch(async () => {
      // A machine that has never asked for the lists of packages.
      await run('apt-get', ['update'], { timeout: 2 * MINUTE_MS });
      return namesOf();
    });
    await run('apt-get', ['download', ...missing], { cwd: fresh, timeout: MINUTE_MS });
    for (const file of await readdir(fresh)) {
      if (file.endsWith('.deb')) await run('dpkg', ['-x', path.join(fresh, file), fresh]);
    }
    await rm(root, { recursive: true, force: true });
    await rename(fresh, root);
    await writeFile(path.join(FOLDER, 'complete'), '');
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** The packages with those that they need and that are not on this machine. */
async function namesOf(): Promise<string[]> {
  const simulate = ['-s', '-o', 'Debug::NoLocking=1', 'install', '-y', '--no-install-recommends', '--reinstall'];
  const { stdout } = await run('apt-get', [...simulate, ...PACKAGES], { timeout: MINUTE_MS });
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!);
}

async function libraries(root: string): Promise<string> {
  const parents = [path.join(root, 'usr/lib'), path.join(root, 'lib')].filter((folder) => existsSync(folder));
  const found = await Promise.all(
    parents.map(async (folder) =>
      (await readdir(folder)).filter((name) => /-linux-/.test(name)).map((name) => path.join(folder, name)),
    ),
  );
  return found.flat().join(':');
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
