/**
 * Packages for another machine than this one, which npm does not install here: Node for Windows, and native parts. They are
 * fetched by npm, kept below `node_modules`, and held against the digest in the lock each time: what is not what was locked
 * is not packed.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
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
  if (!existsSync(archive)) await fetchInto(store, locked);
  await requireDigest(archive, locked);
  const folder = path.join(store, stem);
  if (!existsSync(folder)) await unpack(archive, folder);
  return path.join(folder, 'package');
}

async function fetchInto(store: string, { name, version }: Locked): Promise<void> {
  try {
    await run('npm', ['pack', `${name}@${version}`, '--pack-destination', store, '--silent'], {
      cwd: store,
      timeout: FETCH_MS,
      shell: process.platform === 'win32',
    });
  } catch (error) {
    throw new BuildFault(
      'PACKAGE_NOT_FETCHED',
      `npm could not fetch ${name}@${version}: look at the network and at npm's registry, then build again`,
      { cause: error },
    );
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
  const fresh = `${folder}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    await run('tar', ['-xzf', archive, '-C', fresh]);
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
