/**
 * Numbered SQL migrations, `NNNN_name.sql`: all that are missing in one transaction, under one advisory lock.
 *
 * Invariants: what was applied never changes (its SHA-256 is compared); numbers have no gaps; a database that is newer
 * than this code is not touched; several processes may migrate at once, each migration is applied exactly once; when one
 * fails none is applied, so that the version from before the upgrade can be started again.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors.ts';
import type { Database, Transaction } from './pool.ts';
import { sql, type Statement } from './statement.ts';

/** One migration as the code brings it. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  /** Of the text with LF line ends: a checkout on Windows must not look like changed history. */
  readonly sha256: string;
}

export interface MigrateOptions {
  /** The directory of the `NNNN_name.sql` files. */
  readonly directory: string;
  /** Before each migration that is applied. */
  readonly onProgress?: (migration: Migration, index: number, total: number) => void;
}

export interface MigrateResult {
  /** Numbers applied by this call. */
  readonly applied: readonly number[];
  /** Number of the newest migration now in place; 0 if there is none. */
  readonly version: number;
}

/** A migration as the history of a database has it. */
interface AppliedRow {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
}

/** Any constant; two processes that migrate the same database wait for each other. */
const LOCK = 4_229_113_001;

const takeLock = sql<unknown, [key: number]>('migrateLock', 'select pg_advisory_xact_lock($1)');
const readApplied = sql<AppliedRow, []>(
  'migrateRead',
  'select number, name, sha256 from schema_migration order by number',
);
const recordApplied = sql<unknown, [number: number, name: string, sha256: string]>(
  'migrateRecord',
  'insert into schema_migration (number, name, sha256) values ($1, $2, $3)',
);
const HISTORY = `create table if not exists schema_migration (
  number integer primary key,
  name text not null,
  sha256 text not null,
  applied_at timestamptz not null default now()
)`;

/** Applies what is missing. Throws a Fault MIGRATION_CHANGED, MIGRATION_FAILED, MIGRATION_FILES or DATABASE_NEWER. */
export async function migrate(db: Database, options: MigrateOptions): Promise<MigrateResult> {
  const migrations = await readMigrations(options.directory);
  await db.transaction(async (tx) => {
    await tx.query(takeLock(LOCK));
    await tx.script(HISTORY);
  });
  return db.transaction(async (tx) => {
    await tx.query(takeLock(LOCK));
    // The history is read under the lock: another process may have applied some meanwhile.
    const missing = missingOf(migrations, await tx.query(readApplied()));
    for (const migration of missing) {
      options.onProgress?.(migration, migrations.indexOf(migration), migrations.length);
      await apply(tx, migration);
    }
    return { applied: missing.map(({ number }) => number), version: migrations.at(-1)?.number ?? 0 };
  });
}

/** What is needed of a transaction that fills an empty database. */
interface MigratingTransaction {
  query<Row>(statement: Statement<Row>): Promise<Row[]>;
  script(text: string): Promise<void>;
}

/**
 * Brings an empty database to where the history of another one stood, in an open transaction. Row-level security is not
 * forced on the owner then, so that rows can be loaded: `done` forces it again.
 * Throws a Fault MIGRATION_CHANGED or DATABASE_NEWER before anything was done.
 */
export async function migrateAs(
  tx: MigratingTransaction,
  directory: string,
  history: readonly AppliedRow[],
): Promise<{ done(): Promise<void> }> {
  const migrations = await readMigrations(directory);
  missingOf(migrations, history);
  await tx.script(HISTORY);
  for (const { number, name, text, sha256 } of migrations.slice(0, history.length)) {
    await tx.script(text);
    await tx.script(rowSecurity('NO FORCE'));
    await tx.query(recordApplied(number, name, sha256));
  }
  return { done: () => tx.script(rowSecurity('FORCE')) };
}

/** The history of a backup against the code's migrations. Throws a Fault MIGRATION_CHANGED or DATABASE_NEWER. */
export async function expectKnown(directory: string, history: readonly AppliedRow[]): Promise<void> {
  missingOf(await readMigrations(directory), history);
}

/** The migrations of a directory in order. Throws a Fault MIGRATION_FILES for a gap, a double or a strange name. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const [index, file] of names.entries()) {
    const parts = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
    const number = Number(parts?.[1]);
    const name = parts?.[2];
    if (name === undefined || number !== index + 1) throw badFiles(directory, file, index + 1);
    const text = (await readFile(join(directory, file), 'utf8')).replaceAll('\r\n', '\n');
    migrations.push({ number, name, text, sha256: createHash('sha256').update(text).digest('hex') });
  }
  return migrations;
}

function missingOf(migrations: readonly Migration[], history: readonly AppliedRow[]): Migration[] {
  for (const row of history) {
    const ours = migrations[row.number - 1];
    if (ours === undefined) throw newer(row, migrations.length);
    if (ours.sha256 !== row.sha256 || ours.name !== row.name) throw changed(ours, row);
  }
  return migrations.slice(history.length);
}

async function apply(tx: Transaction, migration: Migration): Promise<void> {
  try {
    await tx.script(rowSecurity('NO FORCE'));
    await tx.script(migration.text);
    await tx.script(rowSecurity('FORCE'));
  } catch (cause) {
    const position = Number((cause as { position?: unknown }).position);
    const line = Number.isInteger(position) ? migration.text.slice(0, position).split('\n').length : undefined;
    throw new Fault({
      code: 'MIGRATION_FAILED',
      what: `Migration ${fileOf(migration)} failed, and none of this start was applied`,
      why: `${line === undefined ? '' : `line ${line}: `}${cause instanceof Error ? cause.message : String(cause)}`,
      fix: 'The database is as before: mend the cause and start again, or start the version from before',
      cause,
    });
  }
  await tx.execute(recordApplied(migration.number, migration.name, migration.sha256));
}

/**
 * Row-level security is forced on the owner of the tables too, who sees nothing then: a migration that changes rows would
 * change none, and say nothing. So it is lifted for the transaction, and only for an owner whom it concerns.
 */
function rowSecurity(mode: 'FORCE' | 'NO FORCE'): string {
  return `DO $$
    DECLARE t regclass;
    BEGIN
      IF (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) THEN RETURN; END IF;
      FOR t IN SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relrowsecurity AND pg_has_role(relowner, 'USAGE')
      LOOP EXECUTE format('ALTER TABLE %s ${mode} ROW LEVEL SECURITY', t); END LOOP;
    END $$`;
}

function fileOf(migration: { readonly number: number; readonly name: string }): string {
  return `${String(migration.number).padStart(4, '0')}_${migration.name}.sql`;
}

function badFiles(directory: string, file: string, expected: number): Fault {
  return new Fault({
    code: 'MIGRATION_FILES',
    what: 'The migrations cannot be read',
    why: `${join(directory, file)} should be ${String(expected).padStart(4, '0')}_name.sql (numbers without gaps)`,
    fix: 'Rename it',
  });
}

function newer(row: AppliedRow, ours: number): Fault {
  return new Fault({
    code: 'DATABASE_NEWER',
    what: 'The database was written by a newer version of Casare',
    why: `it has migration ${fileOf(row)}, and this version knows ${ours}`,
    fix: 'Start that version or a newer one, or restore the backup made before its upgrade',
  });
}

function changed(ours: Migration, row: AppliedRow): Fault {
  return new Fault({
    code: 'MIGRATION_CHANGED',
    what: 'The database does not match the migrations',
    why: `${fileOf(row)} was applied with other content than ${fileOf(ours)} has now`,
    fix: 'Restore that file and put the change into a new migration',
  });
}
