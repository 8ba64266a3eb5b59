/**
 * Brings a backup back: it is opened and read to its end first, then loaded into an empty database in one transaction.
 *
 * Invariant: nothing is touched before every digest was compared and the code was found to know the backup's migrations.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expectKnown, loadDatabase, migrateAs, type Loading } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import { absent, Archive, ARTIFACTS, nameOfTable } from './archive.ts';
import * as catalogue from './catalogue.store.ts';
import { KEYS_FILE_MOST, openKeys, type BackupKeys } from './keys-file.ts';
import type { Manifest } from './manifest.ts';
import { idOfSealed, SealedFileError } from './sealed-stream.ts';

export interface OpenedBackup {
  readonly manifest: Manifest;
  readonly keys: BackupKeys;
  readonly archive: Archive;
  close(): Promise<void>;
}

/**
 * Opens a backup by both of its files.
 * @throws Fault FILE_UNREADABLE, BACKUP_KEYS_MALFORMED, BACKUP_KEYS_OTHER, PASSPHRASE_WRONG, BACKUP_BROKEN
 */
export async function openBackup(archiveFile: string, keysFile: string, passphrase: string): Promise<OpenedBackup> {
  const keys = await openKeys(await textOf(keysFile), passphrase);
  const id = await idOfSealed(archiveFile).catch((error: unknown) => {
    if (error instanceof SealedFileError) throw notABackup(archiveFile, error);
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? absent(archiveFile) : error;
  });
  if (id.toString('hex') !== keys.id) throw otherKeys(archiveFile, keysFile);
  const archive = await Archive.open(archiveFile, keys.archiveKey);
  return { manifest: archive.manifest, keys, archive, close: () => archive.close() };
}

/** Whether this code can take it. @throws Fault DATABASE_NEWER, MIGRATION_CHANGED */
export function expectUsable({ manifest }: OpenedBackup, migrations: string): Promise<void> {
  return expectKnown(migrations, manifest.migrations);
}

export interface LoadOptions {
  /** The owner's. */
  readonly url: string;
  /** The directory of the migrations. */
  readonly migrations: string;
  /** What is in the database goes, in the same transaction. */
  readonly replace: boolean;
  readonly onProgress: (step: string) => void;
}

/** Loads the database as it was, at its own migration. All or nothing. @throws Fault TARGET_NOT_EMPTY, DATABASE_* */
export async function loadBackup({ archive, manifest }: OpenedBackup, options: LoadOptions): Promise<void> {
  const { url, migrations, replace, onProgress } = options;
  await loadDatabase(url, async (loading) => {
    const [found] = await loading.query(catalogue.countOfTables());
    if (found!.tables > 0 && !replace) throw notEmpty();
    if (found!.tables > 0) await loading.script('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    onProgress('making the tables');
    const schema = await migrateAs(loading, migrations, manifest.migrations);
    for (const { name } of manifest.tables) await loading.script(catalogue.emptied(name));
    await makeDays(loading, manifest);
    await loadTables(loading, archive, manifest, onProgress);
    for (const { name, last } of manifest.sequences) await loading.query(catalogue.setSequence(name, last));
    await loading.script(catalogue.AFTERWARDS);
    await schema.done();
  });
}

/** Files of artifacts, into their places; how many. */
export async function loadArtifacts(
  { archive }: OpenedBackup,
  pathOf: (tenant: string, id: string) => string,
  onProgress: (step: string) => void,
): Promise<number> {
  let count = 0;
  for await (const { name, open } of archive.files()) {
    const [, tenant, id] = /^artifacts\/([^/]+)\/([0-9a-f-]{36})$/.exec(name) ?? [];
    if (!name.startsWith(ARTIFACTS) || tenant === undefined) continue;
    if (count === 0) onProgress('writing artifacts');
    const file = pathOf(tenant, id!);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await pipeline(await open(), createWriteStream(file, { mode: 0o600, flush: true }));
    count += 1;
    if (count % 1_000 === 0) onProgress(`writing artifacts: ${count}`);
  }
  return count;
}

async function makeDays(loading: Loading, { days }: Manifest): Promise<void> {
  if (!(await loading.query(catalogue.canMakeDays()))[0]!.able) return;
  for (const { day, first, before } of days) await loading.query(catalogue.makeDay(day, first, before));
}

async function loadTables(
  loading: Loading,
  archive: Archive,
  { tables }: Manifest,
  onProgress: (step: string) => void,
): Promise<void> {
  // They are in the archive in the order in which they can be loaded.
  const wanted = new Map(tables.map((table) => [nameOfTable(table.name), table]));
  for await (const { name, open } of archive.files()) {
    const table = wanted.get(name);
    if (table === undefined) continue;
    onProgress(`loading ${table.name}`);
    await loading.load(catalogue.quoted(table.name), table.columns.map(catalogue.quoted), await open());
  }
}

async function textOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  if (found === null) throw absent(file);
  // Of another file it is not asked what it is.
  return found.size > KEYS_FILE_MOST * 2 ? '' : readFile(file, 'utf8');
}

function notABackup(file: string, cause: Error): Fault {
  return new Fault({
    code: 'BACKUP_BROKEN',
    what: `The backup ${file} cannot be used`,
    why: cause.message,
    fix: 'Give the file that `casare backup --out` named',
    cause,
  });
}

function otherKeys(archive: string, keys: string): Fault {
  return new Fault({
    code: 'BACKUP_KEYS_OTHER',
    what: `${keys} does not belong to ${archive}`,
    why: 'it was written with another backup',
    fix: 'Give the file of keys that was written with this one',
  });
}

function notEmpty(): Fault {
  return new Fault({
    code: 'TARGET_NOT_EMPTY',
    what: 'Nothing was restored',
    why: 'the database has tables already',
    fix: 'Give an empty database, or --replace if everything in this one is to go',
  });
}
