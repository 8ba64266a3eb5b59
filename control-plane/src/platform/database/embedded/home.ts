/**
 * The directory of one embedded database: who owns it now, what is recorded about it, and where its data are.
 *
 *   <dataDir>/server.json   0600: port, password, place of the data
 *   <dataDir>/lock          held while a Casare process owns the database; released by the system when it dies
 *   <dataDir>/data          PostgreSQL's own directory - unless we are root and the user PostgreSQL runs as cannot
 *                           reach <dataDir>: then /var/lib/casare/<hash of dataDir>/data, recorded in server.json
 *
 * Invariants: one process owns the directory at a time; the record is written before the data are made, so data that
 * exist can always be opened; recorded data that are gone are never silently replaced by an empty database.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, open, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { Fault } from '../../errors.ts';
import { canReach, type RunAs } from './identity.ts';

const recordSchema = z.strictObject({
  version: z.literal(1),
  /** Last port used, on 127.0.0.1; tried first at the next start. */
  port: z.int().min(1).max(65_535).optional(),
  /** Of the server's owner, `postgres`. */
  password: z.string().min(16).max(200),
  /** Absolute path of the data when they are not in this directory, and the directory they belong to. */
  elsewhere: z.strictObject({ data: z.string().min(1), of: z.string().min(1) }).optional(),
  /** False until initdb has finished. */
  initialised: z.boolean(),
});
export type ServerRecord = z.infer<typeof recordSchema>;

/** Where data go that root's database user could not reach. Root's own, not writable by others. */
export const ROOT_PLACE = '/var/lib/casare';

/** Creates the directory and locks it for this process. Throws a Fault DATABASE_HOME_IN_USE. */
export async function lockHome(dataDir: string): Promise<{ release(): void }> {
  await mkdir(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  // As root, PostgreSQL's user must pass through; everything in it that is secret is 0600 or 0700 by itself.
  if (process.getuid?.() === 0) await chmod(dataDir, 0o711);
  const file = join(dataDir, 'lock');
  await (await open(file, 'a', 0o600)).close();
  // SQLite's exclusive lock is the portable file lock Node has; the system drops it even after kill -9.
  const lock = new DatabaseSync(file);
  try {
    lock.exec('pragma locking_mode = exclusive; pragma journal_mode = memory; begin exclusive');
  } catch (cause) {
    lock.close();
    if (!/locked|busy/i.test(String(cause))) throw cause;
    throw new Fault({
      code: 'DATABASE_HOME_IN_USE',
      what: 'The embedded database is already in use',
      why: `another Casare process owns ${dataDir}`,
      fix: 'Stop it first, or set CASARE_HOME to another directory',
      cause,
    });
  }
  return { release: () => lock.close() };
}

/** What is recorded; undefined for a new directory. Throws a Fault DATABASE_RECORD_BROKEN. */
export async function readRecord(dataDir: string): Promise<ServerRecord | undefined> {
  const file = join(dataDir, 'server.json');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault({
      code: 'DATABASE_RECORD_BROKEN',
      what: 'The embedded database cannot be opened',
      why: `${file}, which holds its password, is damaged`,
      fix: 'Restore that file from a backup, or move the directory away to begin anew',
      cause,
    });
  }
}

/** Replaces the record atomically and durably. */
export async function writeRecord(dataDir: string, record: ServerRecord): Promise<void> {
  const file = join(dataDir, 'server.json');
  const making = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(making, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  await keepOwner(dataDir, making);
  await rename(making, file);
}

/** Root writing into an ordinary user's directory must leave files that this user can read. */
async function keepOwner(directory: string, file: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owner = await lstat(directory);
  if (owner.uid !== 0) await chown(file, owner.uid, owner.gid);
}

/** A record for a new database. Decides where the data go. */
export async function newRecord(dataDir: string, runAs: RunAs | undefined, rootPlace: string): Promise<ServerRecord> {
  const record: ServerRecord = { version: 1, password: randomBytes(32).toString('base64url'), initialised: false };
  if (runAs === undefined || (await canReach(dataDir, runAs))) return record;
  const of = await realpath(dataDir);
  const data = join(rootPlace, createHash('sha256').update(of).digest('hex').slice(0, 16), 'data');
  return { ...record, elsewhere: { data, of } };
}

/** PostgreSQL's directory. Throws a Fault DATABASE_COPIED_HOME when this home is a copy of the one the data belong to. */
export async function dataPath(dataDir: string, record: ServerRecord | undefined): Promise<string> {
  if (record?.elsewhere === undefined) return join(await realpath(dataDir), 'data');
  const { data, of } = record.elsewhere;
  if ((await realpath(dataDir)) === of) return data;
  throw new Fault({
    code: 'DATABASE_COPIED_HOME',
    what: 'The embedded database cannot be opened',
    why: `${dataDir} was copied or moved, and its data, in ${data}, belong to ${of}`,
    fix: `Move it back, or copy ${data} to ${join(dataDir, 'data')} and remove "elsewhere" from server.json`,
  });
}

/** Makes the directory that will hold the data, private to the user PostgreSQL runs as. */
export async function makeDataParent(record: ServerRecord, runAs: RunAs | undefined): Promise<void> {
  if (record.elsewhere === undefined || runAs === undefined) return;
  const parent = join(record.elsewhere.data, '..');
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const found = await lstat(parent);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0 || !(await canReach(parent, runAs))) {
    throw new Fault({
      code: 'DATABASE_HOME_UNREACHABLE',
      what: 'The embedded database has no place for its data',
      why: `the user ${runAs.name} can reach neither ${record.elsewhere.of} nor ${parent}`,
      fix: 'Set CASARE_HOME to a directory below searchable parents (chmod o+x), or run as an ordinary user',
    });
  }
  await writeFile(join(parent, 'belongs-to'), `${record.elsewhere.of}\n`, { mode: 0o644 });
}
