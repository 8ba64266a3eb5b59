/**
 * Programs out of Debian's packages, unpacked into a folder of the checkout's `node_modules` and never installed: no
 * root is needed, and the machine stays as it was. For what makes packages here, and for tests.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { lock } from './lock.ts';

const run = promisify(execFile);
const MINUTE_MS = 60_000;

export interface Unpacked {
  /** Of a file by its path in the package. */
  readonly path: (file: string) => string;
  /** With which the programs find their libraries. */
  readonly env: NodeJS.ProcessEnv;
}

/** The packages, downloaded once below `checkout`; throws where they cannot be had. `name` is of the folder that keeps them. */
export async function unpackDebian(checkout: string, name: string, packages: readonly string[]): Promise<Unpacked> {
  const folder = path.join(checkout, 'node_modules', `.casare-${name}`);
  const root = path.join(folder, 'root');
  if (!existsSync(path.join(folder, 'complete'))) await unpackAlone(checkout, folder, packages);
  return {
    path: (file) => path.join(root, file),
    env: { ...process.env, LD_LIBRARY_PATH: await libraries(root) },
  };
}

/** One at a time: apt fails when another one asks for its lists, and two tests may want the same. */
async function unpackAlone(checkout: string, folder: string, packages: readonly string[]): Promise<void> {
  const unlock = await lock(path.join(checkout, 'node_modules', '.casare-apt-lock'));
  try {
    if (!existsSync(path.join(folder, 'complete'))) await unpack(folder, path.join(folder, 'root'), packages);
  } finally {
    await unlock();
  }
}

async function unpack(folder: string, root: string, packages: readonly string[]): Promise<void> {
  const fresh = `${root}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    const missing = await namesOf(packages).catch(async () => {
      // A machine that has never asked for the lists of packages.
      await run('apt-get', ['update'], { timeout: 2 * MINUTE_MS });
      return namesOf(packages);
    });
    await run('apt-get', ['download', ...missing], { cwd: fresh, timeout: MINUTE_MS });
    for (const file of await readdir(fresh)) {
      if (file.endsWith('.deb')) await run('dpkg', ['-x', path.join(fresh, file), fresh]);
    }
    await rm(root, { recursive: true, force: true });
    await rename(fresh, root);
    await writeFile(path.join(folder, 'complete'), '');
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** The packages with those that they need and that are not on this machine. */
async function namesOf(packages: readonly string[]): Promise<string[]> {
  const simulate = ['-s', '-o', 'Debug::NoLocking=1', 'install', '-y', '--no-install-recommends', '--reinstall'];
  const { stdout } = await run('apt-get', [...simulate, ...packages], { timeout: MINUTE_MS });
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
