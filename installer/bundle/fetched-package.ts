/**
 * Packages for another machine than this one, which npm does not install here: Node for Windows, and native parts. They are
 * fetched by npm, kept below `node_modules`, and held against the digest in the lock each time: what is not what was locked
 * is not packed.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { BuildFault } from '../fault.ts';
import type { Locked } from './lockfile.ts';

const run = promisify(execFile);
const FETCH_MS = 300_000;

/** The folder of a package: fetched and unpacked where that was not done before. */
export async function fetchedPackage(root: string, locked: Locked): Promise<string> {
  const store = path.join(root, 'node_modules', '.casare-fetched');
  const stem = `${locked.name.replace('@', '').replace('/', '-')}-${locked.version}`;
  await mkdir(store, { recursive: true });
  const archive = path.join(store, `${stem}.tgz`);
  if (!existsSync(archive)) await fetch(archive, locked);
  await requireDigest(archive, locked);
  const folder = path.join(store, stem);
  if (!existsSync(folder)) await unpack(archive, folder);
  return path.join(folder, 'package');
}

/** Whole or not at all, since two builds may want the same at once. */
async function fetch(archive: string, { name, version }: Locked): Promise<void> {
  const fresh = await mkdtemp(path.join(path.dirname(archive), 'fresh-'));
  try {
    await run('npm', ['pack', `${name}@${version}`, '--pack-destination', fresh, '--silent'], {
      cwd: fresh,
      timeout: FETCH_MS,
      shell: process.platform === 'win32',
    });
    await rename(path.join(fresh, path.basename(archive)), archive);
  } catch (error) {
    throw new BuildFault(
      'PACKAGE_NOT_FETCHED',
      `npm could not fetch ${name}@${version}: look at the network and at npm's registry, then build again`,
      { cause: error },
    );
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function requireDigest(archive: string, { name, integrity }: Locked): Promise<void> {
  const found = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`;
  if (found === integrity) return;
  await rm(archive, { force: true });
  throw new BuildFault(
    'PACKAGE_NOT_GENUINE',
    `the package ${name} is not the one in package-lock.json (${found}): it was removed; build again, and look at the registry if this comes back`,
  );
}

/** Whole or not at all: a build that is ended meanwhile leaves nothing that looks whole. */
async function unpack(archive: string, folder: string): Promise<void> {
  const fresh = await mkdtemp(`${folder}.`);
  try {
    await chmod(fresh, 0o755);
    await run('tar', ['-xzf', archive, '-C', fresh]);
    await rename(fresh, folder).catch((error: unknown) => {
      // Another build was faster, with the same files.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
