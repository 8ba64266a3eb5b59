/**
 * `casare backup` and `casare restore`, on the server itself: the home, the database, and what a restored record must be told
 * (docs/adr/0038). Like `main.ts`, one of the few places that know several features.
 */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import {
  expectUsable,
  KEY_FILES,
  loadArtifacts,
  loadBackup,
  openBackup,
  takeBackup,
  type BackupTaken,
  type Manifest,
  type OpenedBackup,
} from './backup/index.ts';
import { ArtifactFiles, expectStopped } from './jobs/index.ts';
import { ownerUrl } from './local-store.ts';
import { migrationsFolder } from './migrations.ts';
import { systemClock } from './platform/clock.ts';
import type { Config, Env } from './platform/config.ts';
import { openAsItIs, openDatabase, ready } from './platform/database/index.ts';
import { Fault } from './platform/errors.ts';
import { prepareHome, readPrivateFile, writePrivateFile } from './platform/home.ts';
import { createLog } from './platform/log.ts';
import { BEAT_MS, sayRestored, type Restored } from './restored.ts';

/** The two files of a backup, and the file that holds its passphrase. */
export interface BackupFiles {
  readonly archive: string;
  readonly keys: string;
  readonly passphraseFile: string;
}

/** What `verifyBackup` found whole. */
export interface BackupSummary extends Pick<Manifest, 'id' | 'madeAt' | 'postgres' | 'artifacts' | 'elsewhere'> {
  readonly migration: number;
  readonly tables: number;
  readonly keyFiles: readonly string[];
}

export interface RestoreOptions extends BackupFiles {
  /** What is in the database and in the home goes. */
  readonly replace: boolean;
  readonly failedAt: Date;
  readonly askAboutPending: boolean;
}

/** What was brought back. */
export interface BackupRestored extends Restored {
  readonly id: string;
  readonly madeAt: string;
  readonly artifacts: number;
  readonly elsewhere: readonly string[];
}

type Tell = (step: string) => void;

/** Settings that a backup tells of: they hold no password. */
const TOLD =
  /^CASARE_(HOME|HOST|PORT|WEB_PORT|ENROL_PORT|TUNNEL_PORT|PUBLIC_(WEB|ENROL|TUNNEL)_URL|SIGNER_SOCKET|SECRETS_MASTER|SECRETS_VAULT_(ADDR|KEY|NAMESPACE)|S3_(BUCKET|ENDPOINT|REGION|PREFIX|PATH_STYLE)|HISTORY_DAYS|RATE_LIMIT|PROXY_SOURCES|OUTBOUND_ALLOW|EXPIRY_WARNING_DAYS|WEB_TLS_(CERT|KEY|PFX|PASSPHRASE_FILE)|MAIL_FROM|LOG_LEVEL)$/;

/** @throws Fault, one line each: FILE_EXISTS, FILE_NOT_PRIVATE, PASSPHRASE_*, BACKUP_KEYS_MISSING, DATABASE_* */
export async function makeBackup(
  config: Config,
  options: BackupFiles & { readonly artifacts: boolean; readonly env: Env },
  onProgress: Tell,
): Promise<BackupTaken> {
  const { home } = config;
  const passphrase = await passphraseOf(options.passphraseFile);
  const log = createLog({ level: 'error', name: 'backup' });
  await using opened = new AsyncDisposableStack();
  if (config.databaseUrl === null && !existsSync(path.join(home, 'postgres'))) throw noDatabase(home);
  const { owner, systemUrl } = await openAsItIs(await ownerUrl(config, log, opened), config, log);
  opened.defer(() => owner.close());
  const files = new ArtifactFiles(path.join(home, 'artifacts'));
  return await takeBackup({
    ...{ home, owner, systemUrl, passphrase, onProgress, archive: options.archive, keys: options.keys },
    artifactPath: options.artifacts ? (tenant, id) => files.pathOf(tenant, id) : null,
    needed: config.signerSocket === null ? ['master.key'] : [],
    settings: Object.fromEntries(
      Object.entries(options.env).flatMap(([name, value]) => (TOLD.test(name) && value ? [[name, value]] : [])),
    ),
    elsewhere: elsewhereOf(config, options.artifacts),
    now: () => systemClock.now(),
  });
}

/** Reads both files to their end. @throws Fault, one line each: BACKUP_*, PASSPHRASE_*, FILE_* */
export async function verifyBackup(files: BackupFiles, onProgress: Tell): Promise<BackupSummary> {
  const backup = await opening(files);
  try {
    await verified(backup, onProgress);
    const { id, madeAt, postgres, artifacts, elsewhere, migrations, tables } = backup.manifest;
    const keyFiles = [...backup.keys.files.keys()];
    return {
      id,
      madeAt,
      postgres,
      artifacts,
      elsewhere,
      migration: migrations.length,
      tables: tables.length,
      keyFiles,
    };
  } finally {
    await backup.close();
  }
}

/**
 * Restores into an empty home and an empty database, and says that the record was restored.
 * @throws Fault, one line each: BACKUP_*, PASSPHRASE_*, FILE_*, TARGET_NOT_EMPTY, CONTROL_PLANE_RUNS, DATABASE_*, MIGRATION_*
 */
export async function restoreBackup(
  config: Config,
  options: RestoreOptions,
  onProgress: Tell,
): Promise<BackupRestored> {
  const { replace } = options;
  const backup = await opening(options);
  try {
    await expectUsable(backup, migrationsFolder);
    await verified(backup, onProgress);
    await prepareHome(config.home);
    if (!replace) expectEmptyHome(config);
    await load(config, backup, replace, onProgress);
    await putKeys(config.home, backup, replace);
    const files = new ArtifactFiles(path.join(config.home, 'artifacts'));
    const artifacts = await loadArtifacts(backup, (tenant, id) => files.pathOf(tenant, id), onProgress);
    onProgress('saying that the record was restored');
    const { id, madeAt, elsewhere } = backup.manifest;
    const { failedAt, askAboutPending } = options;
    const restored = await sayRestored(config, { failedAt, askAboutPending, backup: { id, madeAt } });
    return { ...restored, id, madeAt, artifacts, elsewhere };
  } finally {
    await backup.close();
  }
}

async function load(config: Config, backup: OpenedBackup, replace: boolean, onProgress: Tell): Promise<void> {
  const log = createLog({ level: 'error', name: 'restore' });
  await using opened = new AsyncDisposableStack();
  const url = await ownerUrl(config, log, opened);
  await ready(url);
  if (replace) {
    const owner = openDatabase(url, { log, max: 1, listenUrl: null, prepare: false });
    await expectStopped(owner, BEAT_MS).finally(() => owner.close());
  }
  await loadBackup(backup, { url, migrations: migrationsFolder, replace, onProgress });
}

/** A key that is replaced stays beside the new one: it may be the only one that opens something else. */
async function putKeys(home: string, { keys, manifest }: OpenedBackup, replace: boolean): Promise<void> {
  for (const name of KEY_FILES) {
    const [file, content] = [path.join(home, name), keys.files.get(name)];
    const before = replace ? await readPrivateFile(file) : null;
    if (before !== null && (content === undefined || !before.equals(content))) {
      await rename(file, `${file}.before-${manifest.id.slice(0, 8)}`);
    }
    if (content !== undefined) await writePrivateFile(file, Buffer.from(content));
  }
}

function expectEmptyHome({ home, databaseUrl }: Config): void {
  const names = [...KEY_FILES, 'artifacts', ...(databaseUrl === null ? ['postgres'] : [])];
  const found = names.find((name) => existsSync(path.join(home, name)));
  if (found === undefined) return;
  throw new Fault({
    code: 'TARGET_NOT_EMPTY',
    what: 'Nothing was restored',
    why: `${path.join(home, found)} exists already`,
    fix: 'Set CASARE_HOME to an empty directory, or give --replace if everything there is to go',
  });
}

async function opening({ archive, keys, passphraseFile }: BackupFiles): Promise<OpenedBackup> {
  return openBackup(archive, keys, await passphraseOf(passphraseFile));
}

async function verified({ archive, manifest }: OpenedBackup, onProgress: Tell): Promise<void> {
  onProgress('comparing digests');
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, manifest.artifacts?.bytes ?? 0);
  let told = 0;
  await archive.verify((bytes) => {
    if (bytes - told < STEP_BYTES) return;
    told = bytes;
    onProgress(`comparing digests: ${Math.floor((bytes / total) * 100)} %`);
  });
}
const STEP_BYTES = 256 * 1_048_576;

/** One line. @throws Fault FILE_NOT_PRIVATE, FILE_UNREADABLE */
async function passphraseOf(file: string): Promise<string> {
  const content = await readPrivateFile(file);
  if (content !== null) return content.toString('utf8').replace(/\r?\n$/, '');
  throw new Fault({
    code: 'FILE_UNREADABLE',
    what: 'There is no passphrase',
    why: `${file} does not exist`,
    fix: 'Write the passphrase into it, one line, mode 0600',
  });
}

function noDatabase(home: string): Fault {
  return new Fault({
    code: 'DATABASE_MISSING',
    what: 'No backup was made',
    why: `there is no database in ${home}`,
    fix: 'Set CASARE_HOME to the home of the control plane, or CASARE_DATABASE_URL to its server',
  });
}

/** What a backup cannot hold, and where it is. */
function elsewhereOf(config: Config, artifacts: boolean): string[] {
  const { vault } = config.secretsMaster;
  const tls = config.webTls?.from;
  const web = tls === undefined ? [] : 'pfx' in tls ? [tls.pfx] : [tls.cert, tls.key];
  return [
    ...(config.signerSocket === null ? [] : ['master.key, in the home of the signer that runs by itself']),
    ...(config.secretsMaster.keys === undefined ? [] : ['the master keys of secrets, in CASARE_SECRETS_MASTER_KEY']),
    ...(vault === undefined ? [] : ['the transit key of Vault that secrets are under']),
    ...(config.mail === null ? [] : ['the mail server with its password, in CASARE_SMTP_URL']),
    ...web.map((file) => `the certificate and key of the web, in ${file}`),
    ...(artifacts ? [] : [`the files of artifacts, in ${path.join(config.home, 'artifacts')}`]),
    ...(config.bucket === null
      ? []
      : [`the files of artifacts that are in the bucket ${config.bucket.bucket}, and its keys`]),
  ];
}
