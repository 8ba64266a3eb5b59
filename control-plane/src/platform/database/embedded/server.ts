/**
 * Starts the embedded PostgreSQL server of a home, adopts one that outlived an earlier process, and keeps it running.
 *
 * Invariants
 * - One owner at a time (a lock), one server per data directory (adopted by its process id, never started twice).
 * - A server that dies is started again on the same port; after `restarts` failures in a row it is given up, and said so.
 * - `stop` ends the server, whoever started it; a kill -9 of this process leaves it running for the next one to adopt.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { installedPackage, prepareBinaries, type Binaries } from './binaries.ts';
import { dataPath, lockHome, makeDataParent, newRecord, readRecord, ROOT_PLACE, writeRecord } from './home.ts';
import type { ServerRecord } from './home.ts';
import { chooseRunAs, type RunAs } from './identity.ts';
import { initialise, majorVersion, requireSameMajor } from './initialise.ts';
import { turnOverLog } from './log-file.ts';
import { findRunning, stopServer } from './process.ts';
import { storageFault } from './storage-faults.ts';
import { serverUrl, Supervisor, type EmbeddedExit, type ServerChange } from './supervisor.ts';

export interface EmbeddedOptions {
  /** The database's directory, e.g. `<CASARE_HOME>/postgres`; created if absent, owned by this module. */
  readonly dataDir: string;
  readonly logFile: string;
  readonly log: Log;
  /** Told before each step that takes longer than a blink, in words for a person. */
  readonly onProgress?: (step: string) => void;
  /** Overrides of server settings. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly random?: () => number;
  /** Failed restarts in a row before the server is given up; default 10. */
  readonly restarts?: number;
  /** The package of programs; default: the installed one. */
  readonly package?: string;
  /** Where root keeps copies of programs, and data its database user could not reach; default /var/lib/casare. */
  readonly rootPlace?: string;
}

export interface EmbeddedPostgres {
  /** Of the database `casare`, as the server's owner; the same after a restart. */
  readonly url: string;
  /** Of the server that runs now. */
  readonly pid: number;
  /** True when the server was already running, left by a process that was killed. */
  readonly adopted: boolean;
  /** Hears when the server dies, is back, or is given up; returns how to stop hearing. */
  onChange(listener: (change: ServerChange) => void): () => void;
  /** Stops the server (at most about 9 seconds) and releases the home. */
  stop(): Promise<void>;
  /** Resolves once: the server was stopped, or given up. */
  readonly exited: Promise<EmbeddedExit>;
}

/** Starts or adopts the server and returns when it answers. Throws Faults with codes DATABASE_*. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  try {
    const lock = await lockHome(options.dataDir);
    try {
      return await open(options, () => lock.release());
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw storageFault(error, options.dataDir);
  }
}

/** The address of the server that another process owns now; null when nobody does. */
export async function runningEmbeddedUrl(dataDir: string): Promise<string | null> {
  if (!(await stat(dataDir).catch(() => undefined))?.isDirectory()) return null;
  const lock = await lockHome(dataDir).catch(() => undefined);
  if (lock !== undefined) {
    lock.release();
    return null;
  }
  const record = await readRecord(dataDir);
  return record?.port === undefined ? null : serverUrl(record.password, record.port);
}

/**
 * Stops a server that nobody owns any more and removes its data; for test directories. False when somebody owns it.
 */
export async function removeLeftover(dataDir: string): Promise<boolean> {
  if (!(await stat(dataDir).catch(() => undefined))?.isDirectory()) return false;
  const lock = await lockHome(dataDir).catch(() => undefined);
  if (lock === undefined) return false;
  try {
    const data = await dataPath(dataDir, await readRecord(dataDir));
    const running = await findRunning(data);
    if (running !== undefined) await stopServer(undefined, data, running.pid);
    await rm(data, { recursive: true, force: true });
    return true;
  } finally {
    lock.release();
  }
}

async function open(options: EmbeddedOptions, release: () => void): Promise<EmbeddedPostgres> {
  const progress = options.onProgress ?? (() => undefined);
  await turnOverLog(options.logFile);
  const place = await openPlace(options, progress);
  const supervisor = new Supervisor({
    ...place,
    logFile: options.logFile,
    log: options.log,
    settings: options.settings ?? {},
    random: options.random ?? Math.random,
    restarts: options.restarts ?? 10,
    savePort: async (port) => {
      if (port !== place.record.port) await writeRecord(options.dataDir, { ...place.record, initialised: true, port });
    },
  });
  progress('Starting the database');
  await supervisor.start();
  const exited = supervisor.exited.finally(release);
  return {
    url: supervisor.url,
    get pid() {
      return supervisor.pid;
    },
    adopted: supervisor.adopted,
    onChange: (listener) => supervisor.onChange(listener),
    stop: async () => {
      await supervisor.stop();
      await exited;
    },
    exited,
  };
}

interface Place {
  readonly binaries: Binaries;
  readonly data: string;
  readonly record: ServerRecord;
  readonly runAs: RunAs | undefined;
}

/** Programs and data, made if this home is new. */
async function openPlace(options: EmbeddedOptions, progress: (step: string) => void): Promise<Place> {
  const { dataDir, log, rootPlace = ROOT_PLACE } = options;
  const found = await readRecord(dataDir);
  const runAs = await chooseRunAs(await dataPath(dataDir, found));
  const copyTo = runAs === undefined ? [join(dataDir, 'programs')] : [rootPlace, join(dataDir, 'programs')];
  const binaries = await prepareBinaries({ source: options.package ?? installedPackage(), copyTo, runAs, log });
  const record = found ?? (await newRecord(dataDir, runAs, rootPlace));
  const data = await dataPath(dataDir, record);
  const exists = await isData(data);

  if (!exists && record.initialised) throw dataMissing(dataDir, data);
  if (exists && found === undefined) throw recordMissing(dataDir, data);
  if (!exists) {
    progress('Creating the database');
    await makeDataParent(record, runAs);
    await writeRecord(dataDir, record);
    await initialise({ binaries, data, password: record.password, runAs });
    log.info('created the embedded database', { data, user: runAs?.name ?? 'this user' });
  }
  if (!record.initialised) await writeRecord(dataDir, { ...record, initialised: true });
  await requireSameMajor(data, await majorVersion(binaries, runAs));
  return { binaries, data, record, runAs };
}

async function isData(data: string): Promise<boolean> {
  try {
    return (await stat(join(data, 'PG_VERSION'))).isFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function dataMissing(dataDir: string, data: string): Fault {
  return new Fault({
    code: 'DATABASE_DATA_MISSING',
    what: 'The data of the embedded database are gone',
    why: `${data} does not exist, though ${join(dataDir, 'server.json')} says it was created`,
    fix: `Restore it from a backup, or remove ${dataDir} to begin with an empty database`,
  });
}

function recordMissing(dataDir: string, data: string): Fault {
  return new Fault({
    code: 'DATABASE_RECORD_MISSING',
    what: 'The embedded database cannot be opened',
    why: `${join(dataDir, 'server.json')}, which holds the password for ${data}, does not exist`,
    fix: 'Restore that file from a backup, or move the directory away to begin with an empty database',
  });
}
