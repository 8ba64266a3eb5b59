/**
 * Wine 10 for tests: a Debian trixie of its own below `node_modules`, since the Wine of Debian 12 cannot run Node 24. It is
 * made once, with a prefix that every test starts from, and never written to afterwards.
 *
 * Programs of it run by chroot, which only root may do. Whatever is mounted meanwhile is so in a private mount namespace
 * (also while it is made): nothing stays mounted, and who removes the folder can never reach the machine's own /dev or /proc.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { lock } from '../../installer/lock.ts';
import { bootstrap, NAMESPACE, whyNoRoot } from './debian-root.ts';
import { ROOT } from './program.ts';

const run = promisify(execFile);
const MINUTE_MS = 60_000;
const SUITE = 'trixie';
const PACKAGES = ['wine', 'wine64', 'xvfb'];
/** Where the last lines of a failed program are enough. */
const TOLD = 400;

export interface WineRoot {
  /** The system's `/`. */
  readonly root: string;
  /** A prefix in which Windows has been set up. */
  readonly prefix: string;
}

/** Why there can be no Wine here; null when there can. Asks nothing of the network yet. */
export function whyNoWine(): Promise<string | null> {
  return whyNoRoot('Wine');
}

/** The system and its prefix: made on the first call on a machine, which takes two or three minutes. */
export async function wineRoot(): Promise<WineRoot> {
  const folder = path.join(ROOT, 'node_modules', '.casare-wine');
  const made: WineRoot = { root: path.join(folder, 'root'), prefix: path.join(folder, 'prefix') };
  const complete = path.join(folder, 'complete');
  if (existsSync(complete)) return made;
  await mkdir(folder, { recursive: true });
  const unlock = await lock(path.join(folder, 'lock'));
  try {
    // Another test has made it while this one waited.
    if (existsSync(complete)) return made;
    await makeRoot(made.root);
    await makePrefix(made);
    await writeFile(complete, '');
    return made;
  } finally {
    await unlock();
  }
}

async function makeRoot(root: string): Promise<void> {
  const fresh = `${root}.fresh`;
  await bootstrap(fresh, SUITE, PACKAGES);
  await writeFile(path.join(fresh, 'etc/hosts'), '127.0.0.1 localhost\n');
  await rm(root, { recursive: true, force: true });
  await rename(fresh, root);
}

/** Without Mono and Gecko, which are not there and would be asked for in a window. */
async function makePrefix({ root, prefix }: WineRoot): Promise<void> {
  const fresh = `${prefix}.fresh`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const script = [
    'set -e',
    'mount -t proc proc "$1/proc"',
    'mount --bind "$2" "$1/mnt"',
    'mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"',
    // Its settings reach the disk only when the server has ended.
    `exec chroot "$1" /usr/bin/env -i ${wineEnvironment('/mnt', '/tmp')} sh -c '$0 wineboot -i && wineserver -w' ${WINE}`,
  ].join('\n');
  await told('unshare', [...NAMESPACE, 'sh', '-c', script, 'sh', root, fresh], { timeout: 5 * MINUTE_MS });
  await rm(prefix, { recursive: true, force: true });
  await rename(fresh, prefix);
}

/** Wine's loader in the root. */
export const WINE = '/usr/lib/wine/wine64';

/** What programs find in their environment, as `env` takes it. */
export function wineEnvironment(prefix: string, home: string): string {
  return [
    `HOME=${home}`,
    `WINEPREFIX=${prefix}`,
    'WINEDEBUG=-all',
    'WINEDLLOVERRIDES=mscoree,mshtml=',
    'LANG=C.UTF-8',
    'PATH=/usr/bin:/bin',
  ].join(' ');
}

async function told(program: string, args: readonly string[], options: { timeout: number }) {
  try {
    await run(program, args, { ...options, maxBuffer: 67_108_864 });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.trim().slice(-TOLD);
    throw new Error(`Wine could not be set up: ${message.slice(0, TOLD)} ${said}`, { cause: error });
  }
}
