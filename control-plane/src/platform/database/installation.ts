/**
 * The installation's database, ready for work: the owner's login migrates it and leaves; what stays are the connections of
 * the two other logins (docs/adr/0036-row-level-security.md).
 */
import type { Log } from '../log.ts';
import { isPooled, ready } from './connection.ts';
import { expectRoles, openLogins } from './logins.ts';
import { migrate, type MigrateOptions } from './migrate.ts';
import { openDatabase, type Database } from './pool.ts';

/** What else is configured beside the owner's address; null: it is made, or found out. */
export interface InstallationConfig {
  readonly home: string;
  readonly databaseAppUrl: string | null;
  readonly databaseSystemUrl: string | null;
  readonly databaseListenUrl: string | null;
}

/** @throws Fault, one line each: DATABASE_*, MIGRATION_* */
export async function openInstallation(
  ownerUrl: string,
  config: InstallationConfig,
  options: MigrateOptions & { readonly log: Log },
): Promise<Database> {
  const { log } = options;
  await ready(ownerUrl);
  const owner = openDatabase(ownerUrl, { log, max: 2, listenUrl: null, prepare: false });
  const logins = await migrated(owner, config, options).finally(() => owner.close());
  const pooled = (await isPooled(logins.system)) || (await isPooled(logins.app));
  const listenUrl = config.databaseListenUrl ?? (pooled ? null : logins.system);
  if (listenUrl === null) {
    log.info('a pooler stands before the database: replicas do not wake each other, they look', {
      fix: 'give CASARE_DATABASE_LISTEN_URL, an address past the pooler, to be faster',
    });
  }
  const prepare = prepares(logins.system, pooled);
  return openDatabase(logins.system, { log, appUrl: logins.app, listenUrl, prepare });
}

/**
 * The database as it is, not migrated: the owner's connection, and the address of the installation's own login. For what
 * only reads, beside a control plane that may be of another version.
 * @throws Fault, one line each: DATABASE_*
 */
export async function openAsItIs(
  ownerUrl: string,
  config: InstallationConfig,
  log: Log,
): Promise<{ readonly owner: Database; readonly systemUrl: string }> {
  await ready(ownerUrl);
  const owner = openDatabase(ownerUrl, { log, max: 2, listenUrl: null, prepare: false });
  try {
    await expectRoles(owner);
    const logins = { home: config.home, appUrl: config.databaseAppUrl, systemUrl: config.databaseSystemUrl };
    return { owner, systemUrl: (await openLogins(owner, logins)).system };
  } catch (error) {
    await owner.close();
    throw error;
  }
}

async function migrated(owner: Database, config: InstallationConfig, options: MigrateOptions) {
  await expectRoles(owner);
  await migrate(owner, options);
  return openLogins(owner, { home: config.home, appUrl: config.databaseAppUrl, systemUrl: config.databaseSystemUrl });
}

/** A pooler may know prepared statements (PgBouncer from 1.21 on, where it is told to); then the address says so. */
function prepares(url: string, pooled: boolean): boolean {
  const said = new URL(url).searchParams.get('pgbouncer');
  return said === null ? !pooled : said === 'false';
}
