/**
 * The database: front door. Only this folder and `*.store.ts` files use PostgreSQL's driver.
 *
 * Typical use: `startEmbeddedPostgres` (or CASARE_DATABASE_URL), `ready`, `openDatabase`, `migrate`; stores declare
 * statements with `sql` and take a `Queryable`.
 */
export { runningEmbeddedUrl, startEmbeddedPostgres } from './embedded/index.ts';
export type { EmbeddedExit, EmbeddedOptions, EmbeddedPostgres, ServerChange } from './embedded/index.ts';
export { ready, type ReadyOptions } from './connection.ts';
export { loadDatabase, openSnapshot, type Loading, type Snapshot } from './copy.ts';
export { isBadValue, isForeignKeyViolation, isUniqueViolation } from './failure.ts';
export { gather } from './gather.ts';
export type { ListenOptions, NotificationHandler, Subscription } from './listener.ts';
export { openAsItIs, openInstallation, type InstallationConfig } from './installation.ts';
export { expectKnown, migrate, migrateAs } from './migrate.ts';
export type { MigrateOptions, MigrateResult, Migration } from './migrate.ts';
export { BY_KEY, type TransactionOptions } from './opening.ts';
export { openDatabase } from './pool.ts';
export type { Connection, Database, DatabaseOptions, Queryable, TenantDatabase, Transaction } from './pool.ts';
export { schemaSnapshot } from './schema-snapshot.ts';
export { listSql, sql, type Statement, type StatementOptions, type Way } from './statement.ts';
export { unwitnessed, witnessed, type Witness } from './witness.ts';
