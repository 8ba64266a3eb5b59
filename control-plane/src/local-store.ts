/** The server's own store, for what a person does on the server itself, without a listener or a running control plane. */
import path from 'node:path';
import { migrationsFolder } from './migrations.ts';
import type { Config } from './platform/config.ts';
import {
  openInstallation,
  runningEmbeddedUrl,
  startEmbeddedPostgres,
  type Database,
} from './platform/database/index.ts';
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

/** Of the embedded server: the one that a running control plane owns, else one that is started for so long. */
async function embeddedUrl(home: string, log: RootLog, opened: AsyncDisposableStack): Promise<string> {
  const dataDir = path.join(home, 'postgres');
  const running = await runningEmbeddedUrl(dataDir);
  if (running !== null) return running;
  const postgres = await startEmbeddedPostgres({ dataDir, logFile: path.join(home, 'postgres.log'), log });
  opened.defer(() => postgres.stop());
  return postgres.url;
}
