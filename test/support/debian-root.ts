/**
 * A Debian of a test's own: made by debootstrap below `node_modules`, once on a machine, and never written to afterwards. Programs
 * of it run as only root may let them, in mount and process namespaces that end with the test: nothing stays mounted,
 * nothing is left running, and who removes the folder can never reach the machine's own /dev or /proc.
 */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { lock } from '../../installer/lock.ts';
import { unpackDebian } from './debian.ts';
import { descendantsOf } from './process-tree.ts';
import { ROOT } from './program.ts';

const run = promisify(execFile);
const MINUTE_MS = 60_000;
/** What our packages ask for of a Debian 12 that holds nothing else; without systemd, which does not run in most of its roots. */
export const CLEAN = ['libstdc++6', 'systemd-standalone-sysusers', 'systemd-standalone-tmpfiles'];
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Of which program a private mount namespace is made, with a process namespace, that ends when the program does. */
export const NAMESPACE = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'] as const;

/** Why there can be no such system here, of what is made in it; null when there can. Asks nothing of the network yet. */
export async function whyNoRoot(what: string): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `${what} needs Linux on x64`;
  if (process.getuid?.() !== 0) return `a system for ${what} needs root to be made and entered`;
  if (!existsSync(KEYRING)) return `${KEYRING} is missing: ${what} is taken from Debian, on Debian`;
  return run('unshare', [...NAMESPACE, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).then(
    () => null,
    () => 'this machine allows no mount namespaces, not even to root',
  );
}

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
}

/** A system that a test may change: what it writes is in memory, and gone at the end. */
export interface Guest {
  /** Runs a shell script in it as root, to its end, which is within five minutes unless told. */
  sh(script: string, withinMs?: number): Promise<Ended>;
  /** The command line that runs a program in it, to be started by the test. */
  command(program: readonly string[]): [string, string[]];
  /** Puts a file of the machine into `/mnt`; answers its path there. */
  bring(file: string): Promise<string>;
  /** Ends everything that runs in it. */
  end(): Promise<void>;
}

const ENTER = `
set -e
mount -t tmpfs -o mode=755 tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
mount -t proc proc "$2/root/proc"
mount --rbind /dev "$2/root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$2/root/tmp"
mount --bind "$3" "$2/root/mnt"
cd "$2/root"
mkdir old
# Not chroot: the kernel gives whoever is in one no user namespaces, which browsers and containers need.
pivot_root . old
umount -l old
rmdir old
echo ready
exec cat
`;

/** A Debian with these packages, in which a test may do what it likes; `layers` lie over it, the first on top. */
export async function enterDebian(
  suite: string,
  packages: readonly string[],
  folder: string,
  layers: readonly string[] = [],
): Promise<Guest> {
  const lower = [...layers, await debianRoot(suite, packages)].join(':');
  const [over, shared] = await guestFolders(folder);
  const holder = spawn('unshare', [...NAMESPACE, 'sh', '-c', ENTER, 'sh', lower, over, shared]);
  await started(holder);
  const first = descendantsOf(holder.pid!)[0]!.pid;
  const target = ['--target', String(first), '--mount', '--pid', '--'];
  return guestOf({ holder, target, shared });
}

/** Where the system that is written to lies, and what is `/mnt` in it. */
export async function guestFolders(folder: string): Promise<[string, string]> {
  const made: [string, string] = [path.join(folder, 'system'), path.join(folder, 'shared')];
  for (const one of made) await mkdir(one, { recursive: true });
  return made;
}

/** Resolves when the holder of a system says that it is there. */
export async function started(holder: ChildProcessWithoutNullStreams): Promise<void> {
  let said = '';
  holder.stderr.on('data', (part: Buffer) => (said = `${said}${part.toString()}`.slice(-2_000)));
  const answer = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
  if (!Buffer.isBuffer(answer[0])) throw new Error(`a Debian for this test does not start: ${said}`);
}

/** The system whose holder runs until its stdin ends, entered by nsenter with `target`. */
export function guestOf(system: {
  readonly holder: ChildProcessWithoutNullStreams;
  readonly target: readonly string[];
  readonly shared: string;
}): Guest {
  const { holder, target, shared } = system;
  const ended = once(holder, 'exit');
  const environment = ['-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8'];
  const command = (program: readonly string[]): [string, string[]] => [
    'nsenter',
    [...target, '/usr/bin/env', ...environment, ...program],
  ];
  return {
    command,
    sh(script, withinMs = 5 * MINUTE_MS) {
      const [program, args] = command(['DEBIAN_FRONTEND=noninteractive', 'sh', '-c', script]);
      return new Promise((resolve) => {
        execFile(program, args, { timeout: withinMs, maxBuffer: 67_108_864 }, (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? 255 : 0, out: stdout + stderr });
        });
      });
    },
    async bring(file) {
      const name = path.basename(file);
      await run('cp', ['--', file, path.join(shared, name)]);
      return `/mnt/${name}`;
    },
    async end() {
      holder.stdin.end();
      await ended;
    },
  };
}

/** The folder of a Debian, made where it is not there yet. */
export async function debianRoot(suite: string, packages: readonly string[]): Promise<string> {
  // One for each list of packages: what is in a system follows from its name.
  const digest = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8);
  const folder = path.join(ROOT, 'node_modules', `.casare-${suite}-${digest}`);
  const [root, complete] = [path.join(folder, 'root'), path.join(folder, 'complete')];
  if (existsSync(complete)) return root;
  await mkdir(folder, { recursive: true });
  const unlock = await lock(path.join(folder, 'lock'));
  try {
    // Another test has made it while this one waited.
    if (existsSync(complete)) return root;
    const fresh = `${root}.fresh`;
    await bootstrap(fresh, suite, packages);
    await writeFile(path.join(fresh, 'etc/hosts'), '127.0.0.1 localhost\n');
    await rm(root, { recursive: true, force: true });
    await rename(fresh, root);
    await writeFile(complete, '');
    return root;
  } finally {
    await unlock();
  }
}

/** Makes a minimal Debian in the folder `fresh`; throws with its last lines. */
export async function bootstrap(fresh: string, suite: string, packages: readonly string[]): Promise<void> {
  await rm(fresh, { recursive: true, force: true });
  const { path: file, env } = await unpackDebian('debootstrap', ['debootstrap', 'wget']);
  const tools = {
    ...process.env,
    DEBOOTSTRAP_DIR: file('usr/share/debootstrap'),
    PATH: `${process.env.PATH}:/usr/sbin:/sbin:${file('usr/bin')}`,
    LD_LIBRARY_PATH: env.LD_LIBRARY_PATH,
  };
  const include = `--include=${packages.join(',')}`;
  const program = ['sh', file('usr/sbin/debootstrap'), '--arch=amd64', '--variant=minbase', include];
  try {
    await run('unshare', [...NAMESPACE, ...program, suite, fresh, await mirror()], {
      env: tools,
      timeout: 10 * MINUTE_MS,
      maxBuffer: 67_108_864,
    });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const said = `${message}\n${stdout}\n${stderr}`.trim().slice(-800);
    throw new Error(`Debian ${suite} could not be set up: ${said}`, { cause: error });
  }
  await rm(path.join(fresh, 'var/cache/apt/archives'), { recursive: true, force: true });
}

/** Where this machine has its Debian packages from. Throws where it has them from nowhere. */
export async function mirror(): Promise<string> {
  const asked = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Label: Debian'];
  const { stdout } = await run('apt-get', asked).catch(() => ({ stdout: '' }));
  const address = stdout.split('\n').find((line) => line.startsWith('http'));
  if (address !== undefined) return address;
  throw new Error('apt names no server of Debian: write one into /etc/apt/sources.list');
}
