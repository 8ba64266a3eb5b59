/**
 * Makes a backup: one snapshot of the database, each table as COPY's text, the files of artifacts when they are wanted, and
 * apart from it the keys. The control plane may run meanwhile.
 *
 * Invariants: tables and the list of artifacts are of one moment, and the key files fit it; nothing that exists is replaced;
 * bytes pass through, whatever their number, but of each file of the archive some 300 bytes stay until its end (its directory).
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Database, Snapshot } from '../platform/database/index.ts';
import { openSnapshot } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import { readPrivateFile, writePrivateFile } from '../platform/home.ts';
import { ARTIFACTS as FOLDER, digested, nameOfTable, writeArchive, type FileToArchive } from './archive.ts';
import * as catalogue from './catalogue.store.ts';
import { expectPassphrase, KEY_FILES, sealKeys, type KeyFile } from './keys-file.ts';
import { loadOrder } from './load-order.decision.ts';
import { lineOfFile, MANIFEST, type ArchiveFile, type Manifest } from './manifest.ts';
import { ID_BYTES, KEY_BYTES } from './sealed-stream.ts';

export interface BackupRequest {
  readonly home: string;
  readonly owner: Database;
  /** The login of the installation's own work, who sees every row. */
  readonly systemUrl: string;
  /** A new file. */
  readonly archive: string;
  /** A new file. */
  readonly keys: string;
  readonly passphrase: string;
  /** Path of an artifact's file; null: artifacts are left out. */
  readonly artifactPath: ((tenant: string, id: string) => string) | null;
  /** Files without which a backup would be useless. */
  readonly needed: readonly KeyFile[];
  readonly settings: Readonly<Record<string, string>>;
  readonly elsewhere: readonly string[];
  readonly now: () => Date;
  /** In words for a person. */
  readonly onProgress: (step: string) => void;
}

export interface BackupTaken {
  readonly id: string;
  readonly madeAt: string;
  readonly tables: number;
  /** Of the archive. */
  readonly bytes: number;
  readonly artifacts: Manifest['artifacts'];
  readonly keyFiles: readonly string[];
  readonly elsewhere: readonly string[];
}

/** Pieces of progress are told this far apart, milliseconds. */
const TOLD_MS = 5_000;
const SNAPSHOTS = 5;

/** @throws Fault FILE_EXISTS, PASSPHRASE_REFUSED, BACKUP_KEYS_MISSING, DATABASE_* */
export async function takeBackup(request: BackupRequest): Promise<BackupTaken> {
  const { archive, keys, onProgress, now } = request;
  for (const file of [archive, keys]) if (existsSync(file)) throw exists(file);
  const sealing = { id: randomBytes(ID_BYTES).toString('hex'), archiveKey: randomBytes(KEY_BYTES) };
  // Before anything takes long: a passphrase that is refused is refused at once.
  expectPassphrase(request.passphrase);
  onProgress('opening a snapshot of the database');
  const { snapshot, files } = await snapshotWithKeys(request);
  const list = `${archive}.artifacts`;
  let manifest: Manifest | undefined;
  try {
    const content = contentOf(request, { snapshot, id: sealing.id, list }, (made) => (manifest = made));
    await writeArchive(archive, { key: sealing.archiveKey, id: sealing.id }, content, now());
  } finally {
    await snapshot.close().catch(() => undefined);
    await rm(list, { force: true });
  }
  await writePrivateFile(keys, await sealKeys({ ...sealing, files }, request.passphrase));
  const { madeAt, tables, artifacts, elsewhere } = manifest!;
  const { size } = await stat(archive);
  return {
    id: sealing.id,
    madeAt,
    tables: tables.length,
    bytes: size,
    artifacts,
    keyFiles: [...files.keys()],
    elsewhere,
  };
}

/** Keys change by rotation: those before and after the opening of the snapshot are the same, so they are those of its moment. */
async function snapshotWithKeys({ home, systemUrl, needed }: BackupRequest) {
  for (let attempt = 1; ; attempt++) {
    const before = await readKeys(home);
    for (const name of needed) if (!before.has(name)) throw keysMissing(home, name);
    const snapshot = await openSnapshot(systemUrl);
    const files = await readKeys(home);
    const same = KEY_FILES.every((name) => Buffer.compare(before.get(name) ?? NONE, files.get(name) ?? NONE) === 0);
    if (same || attempt === SNAPSHOTS) return { snapshot, files };
    await snapshot.close();
  }
}
const NONE = Buffer.alloc(0);

async function readKeys(home: string): Promise<Map<KeyFile, Buffer>> {
  const files = new Map<KeyFile, Buffer>();
  for (const name of KEY_FILES) {
    const content = await readPrivateFile(path.join(home, name));
    if (content !== null) files.set(name, content);
  }
  return files;
}

async function* contentOf(
  request: BackupRequest,
  { snapshot, id, list }: { readonly snapshot: Snapshot; readonly id: string; readonly list: string },
  made: (manifest: Manifest) => void,
): AsyncGenerator<FileToArchive> {
  const { owner, artifactPath, now, onProgress } = request;
  const madeAt = now().toISOString();
  const strange = (await snapshot.query(catalogue.transactionColumns())).filter(
    ({ name }) => !(name in catalogue.SELECTED),
  );
  if (strange.length > 0) throw new Error(`no rule says what becomes of ${strange.map(({ name }) => name).join(', ')}`);
  const tables = loadOrder(
    await snapshot.query(catalogue.tablesOfBackup()),
    await snapshot.query(catalogue.listReferences()),
  );
  const [standing] = await snapshot.query(catalogue.standingOfStore());
  const described = {
    ...{ format: 'casare.backup/1' as const, id, madeAt, epoch: standing!.epoch, postgres: standing!.postgres },
    migrations: await owner.query(catalogue.listMigrations()),
    tables: tables.map(({ name, columns }) => ({ name, columns: [...columns] })),
    days: await snapshot.query(catalogue.listHistoryDays()),
    auditHeads: await snapshot.query(catalogue.listAuditHeads()),
    settings: { ...request.settings },
    elsewhere: [...request.elsewhere],
  };
  const files: ArchiveFile[] = [];
  for (const table of tables) {
    onProgress(`copying ${table.name}`);
    yield fileOf(nameOfTable(table.name), snapshot.rows(catalogue.selectOf(table)), (file) => files.push(file));
  }
  // A number that was given out after the snapshot is left out: a gap does no harm.
  const sequences = await owner.query(catalogue.listSequences());
  if (artifactPath !== null)
    await pipeline(snapshot.rows(catalogue.ARTIFACTS), createWriteStream(list, { mode: 0o600 }));
  // From here on the server need not keep what is dead.
  await snapshot.close();
  const artifacts = artifactPath === null ? null : { hash: createHash('sha256'), ...NOTHING, damaged: [] as string[] };
  if (artifacts !== null) yield* artifactsOf(request, list, artifacts);
  const counted = artifacts && {
    ...{ count: artifacts.count, bytes: artifacts.bytes, sha256: artifacts.hash.digest('hex') },
    ...{ missing: artifacts.missing, damaged: artifacts.damaged },
  };
  const manifest = { ...described, sequences, files, artifacts: counted };
  made(manifest);
  yield { name: MANIFEST, content: Readable.from([Buffer.from(JSON.stringify(manifest))], { objectMode: false }) };
}
const NOTHING = { count: 0, bytes: 0, missing: 0 };

interface Artifacts {
  readonly hash: ReturnType<typeof createHash>;
  readonly damaged: string[];
  count: number;
  bytes: number;
  missing: number;
}

async function* artifactsOf(request: BackupRequest, list: string, seen: Artifacts): AsyncGenerator<FileToArchive> {
  const { artifactPath, onProgress, now } = request;
  let told = now().getTime();
  for await (const line of createInterface({ input: createReadStream(list, 'utf8'), crlfDelay: Infinity })) {
    const [tenant, id, sha256] = line.split('\t') as [string, string, string];
    const file = artifactPath!(tenant, id);
    // Whoever removes a job of the list meanwhile removes its files too; and some are kept elsewhere.
    if (!existsSync(file)) {
      seen.missing += 1;
      continue;
    }
    yield fileOf(`${FOLDER}${tenant}/${id}`, createReadStream(file), (found) => {
      seen.hash.update(lineOfFile(found));
      seen.count += 1;
      seen.bytes += found.bytes;
      if (found.sha256 !== sha256 && seen.damaged.length < 100) seen.damaged.push(`${tenant}/${id}`);
    });
    if (now().getTime() - told < TOLD_MS) continue;
    told = now().getTime();
    onProgress(`copying artifacts: ${seen.count} files, ${Math.round(seen.bytes / 1_048_576)} MiB`);
  }
}

function fileOf(name: string, content: Readable, seen: (file: ArchiveFile) => void): FileToArchive {
  return { name, content: digested(name, content, seen) };
}

function exists(file: string): Fault {
  return new Fault({
    code: 'FILE_EXISTS',
    what: `${file} is not written`,
    why: 'it exists already',
    fix: 'Name a new file: a backup replaces nothing',
  });
}

function keysMissing(home: string, name: string): Fault {
  return new Fault({
    code: 'BACKUP_KEYS_MISSING',
    what: 'No backup was made',
    why: `${path.join(home, name)} is missing, and without it nothing that is restored could be opened`,
    fix: 'Set CASARE_HOME to the home of the control plane, and run this as its user',
  });
}
