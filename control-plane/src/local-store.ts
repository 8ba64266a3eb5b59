/** The server's own store, for what a person does on the server itself, without a listener or a running control plane. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { migrationsFolder } from './migrations.ts';
import type { Config } from './platform/config.ts';
import {
  openInstallation,
  runningEmbeddedUrl,
  startEmbeddedPostgres,
  type Database,
} from './platform/database/index.ts';
import { Fault } from './platform/errors.ts';
import type { RootLog } from './platform/log.ts';

/** Opens it, migrated. What it starts is stopped with `opened`. @throws Fault, one line each: DATABASE_*, MIGRATION_* */
export async function openStore(config: Config, log: RootLog, opened: AsyncDisposableStack): Promise<Database> {
  const database = await openInstallation(await ownerUrl(config, log, opened), config, {
    log,
    directory: migrationsFolder,
  });
  opened.defer(() => database.close());
  return database;
}

/** Where its owner reaches it; the embedded server is started for so long as `opened` lives. */
export async function ownerUrl(config: Config, log: RootLog, opened: AsyncDisposableStack): Promise<string> {
  return config.databaseUrl ?? embeddedUrl(config.home, log, opened);
}

/**
 * An embedded database that is not there is not made anew beside what the installation has elsewhere: what is done to an
 * empty one, such as a lock in an emergency, reaches nobody. `begins`: a command for an installation that has nothing yet.
 * @throws Fault LOCAL_STORE_ELSEWHERE
 */
export function expectOwnStore({ home, databaseUrl }: Config, begins: boolean): void {
  if (databaseUrl !== null || existsSync(path.join(home, 'postgres'))) return;
  if (begins && !existsSync(path.join(home, 'master.key'))) return;
  throw new Fault({
    code: 'LOCAL_STORE_ELSEWHERE',
    what: 'The database of this installation is not here, and an empty one must not be made',
    why: `there is no ${path.join(home, 'postgres')}`,
    fix: 'Set CASARE_HOME to the home of the control plane, or CASARE_DATABASE_URL to the address of its database',
  });
}

/**
 * For a process of another user: the addresses of the database as three lines (the owner's, and the two logins' where they
 * are configured), good until `returned`.
 * @throws Fault, one line each: LOCAL_STORE_ELSEWHERE, DATABASE_*
 */
export async function lendStore(
  config: Config,
  how: {
    readonly begins: boolean;
    readonly log: RootLog;
    readonly lend: (lines: string) => void;
    readonly returned: Promise<unknown>;
  },
): Promise<void> {
  expectOwnStore(config, how.begins);
  await using opened = new AsyncDisposableStack();
  const url = await ownerUrl(config, how.log, opened);
  how.lend([url, config.databaseAppUrl ?? '', config.databaseSystemUrl ?? '', ''].join('\n'));
  await how.returned;
}

/** Of the embedded server: the one that a running control plane owns, else one that is started for so long. */
async function embeddedUrl(home: string, log: RootLog, opened: AsyncDisposableStack): Promise<string> {
  const dataDir = path.join(home, 'postgres');
  const running = await runningEmbeddedUrl(dataDir);
  if (running !== null) return running;
  const postgres = await startEmbeddedPostgres({ dataDir, logFile: path.join(home, 'postgres.log'), log });
  opened.defer(() => postgres.stop());
  return postgres.url;
}
