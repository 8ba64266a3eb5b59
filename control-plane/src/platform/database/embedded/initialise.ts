/**
 * Makes PostgreSQL's data directory (initdb).
 *
 * Invariant: the directory appears under its final name only when it is complete and on disk; a crash or a full disk
 * leaves nothing that the next start would take for data.
 */
import { execFile } from 'node:child_process';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../errors.ts';
import type { Binaries } from './binaries.ts';
import { requireKnownUser, type RunAs } from './identity.ts';
import { storageFault } from './storage-faults.ts';

export interface InitialiseOptions {
  readonly binaries: Binaries;
  readonly data: string;
  readonly password: string;
  readonly runAs: RunAs | undefined;
}

const INITDB_TIMEOUT_MS = 120_000;
const run = promisify(execFile);

/** Creates a UTF8 cluster with the built-in C.UTF-8 locale, checksums and password logins only. */
export async function initialise(options: InitialiseOptions): Promise<void> {
  if (options.runAs === undefined) requireKnownUser();
  const making = `${options.data}.initialising`;
  const passwordFile = join(making, 'password');
  const cluster = join(making, 'data');
  try {
    // Whatever an earlier, broken attempt left; the caller holds the lock of this home.
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { mode: 0o700 });
    await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600, flag: 'wx' });
    if (options.runAs !== undefined) {
      for (const path of [passwordFile, making]) await chown(path, options.runAs.uid, options.runAs.gid);
    }
    await run(options.binaries.initdb, [...clusterOptions(cluster), `--pwfile=${passwordFile}`], {
      env: serverEnvironment(),
      cwd: making,
      timeout: INITDB_TIMEOUT_MS,
      maxBuffer: 1024 * 1024,
      ...(options.runAs === undefined ? {} : { uid: options.runAs.uid, gid: options.runAs.gid }),
    });
    await rename(cluster, options.data);
  } catch (error) {
    throw explain(error, dirname(options.data));
  } finally {
    await rm(making, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Throws a Fault DATABASE_VERSION_MISMATCH when the data were made by another major version than the programs. */
export async function requireSameMajor(data: string, binariesMajor: string): Promise<void> {
  const found = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  if (found === binariesMajor) return;
  throw new Fault({
    code: 'DATABASE_VERSION_MISMATCH',
    what: 'The embedded database cannot open its data',
    why: `they were written by PostgreSQL ${found}, and this version of Casare brings ${binariesMajor}`,
    fix: 'Use the version of Casare that wrote them, or move them to a server and set CASARE_DATABASE_URL',
  });
}

/** The major version of the programs, e.g. `18`. */
export async function majorVersion(binaries: Binaries, runAs: RunAs | undefined): Promise<string> {
  const who = runAs === undefined ? {} : { uid: runAs.uid, gid: runAs.gid };
  try {
    const { stdout } = await run(binaries.postgres, ['--version'], { env: serverEnvironment(), cwd: '/', ...who });
    return /\) (\d+)/.exec(stdout)?.[1] ?? '';
  } catch (cause) {
    throw new Fault({
      code: 'DATABASE_BINARIES_BROKEN',
      what: 'The database programs do not run on this machine',
      why: firstLine((cause as { stderr?: string }).stderr) || (cause as Error).message,
      fix: 'Install a C library they can use (glibc), or set CASARE_DATABASE_URL to a PostgreSQL server',
      cause,
    });
  }
}

/** The environment of the server's programs: ours holds settings (PG*, LC_*) and credentials they must not see. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

function clusterOptions(cluster: string): string[] {
  return [
    `--pgdata=${cluster}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The built-in provider behaves the same on every system; libc's C.UTF-8 is missing on some.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--data-checksums',
  ];
}

function explain(error: unknown, directory: string): unknown {
  const stderr = (error as { stderr?: unknown }).stderr;
  if (typeof stderr !== 'string' || stderr === '') return storageFault(error, directory);
  const known = storageFault(new Error(stderr, { cause: error }), directory);
  if (known instanceof Fault) return known;
  return new Fault({
    code: 'DATABASE_INIT_FAILED',
    what: 'The embedded database could not be created',
    why: firstLine(stderr),
    fix: 'Mend that, or set CASARE_DATABASE_URL to a PostgreSQL server',
    cause: error,
  });
}

function firstLine(text: string | undefined): string {
  return text?.split('\n').find((line) => /error|fatal|could not/i.test(line)) ?? text?.split('\n')[0] ?? '';
}
