/**
 * What of the database goes into a backup, by its catalogue: a table that comes later is in it without anybody thinking of it.
 *
 * Invariant: no transaction number leaves the server that gave it. They order what is written while it is written; in the
 * server that a backup is loaded into they would lie in its past or its future by chance. `SELECTED` puts the order into
 * numbers that are below those of any server, and `AFTERWARDS` says what is to be forgotten.
 *
 * Names of tables and columns cannot be parameters: they come from the catalogue, or from a manifest that allows nothing
 * but plain names.
 */
import { sql, type Statement } from '../platform/database/index.ts';

/** A table as a backup has it. */
export interface BackupTable {
  readonly name: string;
  /** Without those that the server makes itself. */
  readonly columns: readonly string[];
}

/** A foreign key: rows of `from` refer to rows of `to`. */
export interface TableReference {
  readonly from: string;
  readonly to: string;
}

// Not what runs: a gateway's beat, live events that were for those who listened then.
const LEFT_OUT = ['schema_migration', 'live_event', 'gateway'];

const listTables = sql<BackupTable, [leftOut: string[]]>(
  'backupTables',
  `SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
   FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
   WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
     AND c.relname <> ALL ($1)
   GROUP BY c.relname ORDER BY c.relname`,
);

export const listReferences = sql<TableReference, []>(
  'backupReferences',
  `SELECT DISTINCT f.relname::text AS from, t.relname::text AS to
   FROM pg_constraint r JOIN pg_class f ON f.oid = r.conrelid JOIN pg_class t ON t.oid = r.confrelid
   WHERE r.contype = 'f' AND r.connamespace = 'public'::regnamespace`,
);

export const listSequences = sql<{ name: string; last: string }, []>(
  'backupSequences',
  `SELECT sequencename::text AS name, last_value::text AS last FROM pg_sequences
   WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY sequencename`,
);

export const listMigrations = sql<{ number: number; name: string; sha256: string }, []>(
  'backupMigrations',
  'SELECT number, name, sha256 FROM schema_migration ORDER BY number',
);

export const listHistoryDays = sql<{ day: string; first: string; before: string }, []>(
  'backupDays',
  `SELECT right(c.relname, 8) AS day, b.bound[1] AS first, b.bound[2] AS before
   FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \\('([0-9a-f-]+)'\\) TO \\('([0-9a-f-]+)'\\)$$) AS b(bound)
   WHERE i.inhparent = 'job'::regclass AND c.relname ~ '^job_[0-9]{8}$' ORDER BY 1`,
);

export const standingOfStore = sql<{ epoch: number; postgres: string }, []>(
  'backupStanding',
  `SELECT epoch, current_setting('server_version') AS postgres FROM store`,
);

export const listAuditHeads = sql<{ log: string; position: number; hash: string }, []>(
  'backupAuditHeads',
  `SELECT tenant_id AS log, position, encode(hash, 'hex') AS hash FROM audit_head ORDER BY tenant_id`,
);

export const countOfTables = sql<{ tables: number }, []>(
  'restoreTables',
  `SELECT count(*)::int AS tables FROM pg_class
   WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = 'public'::regnamespace`,
);

/** What stands for a column whose value means nothing in another server. Others of that type are refused. */
export const SELECTED: Readonly<Record<string, string>> = {
  // 0: linked; its place is in `audit_link`. 2: will be linked, after whatever is.
  'audit_event.xid': `CASE WHEN EXISTS (SELECT FROM audit_link l WHERE l.tenant_id = t.tenant_id AND l.seq = t.seq)
    THEN '0' ELSE '2' END`,
  'audit_head.xid': `'1'`,
  'agent.changed_xid': `'0'`,
  'store.live_forgotten': `'0'`,
};

const listTransactionColumns = sql<{ name: string }, [leftOut: string[]]>(
  'backupTransactionColumns',
  `SELECT c.relname || '.' || a.attname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
   WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
     AND a.atttypid IN ('xid8'::regtype, 'xid'::regtype) AND c.relname <> ALL ($1) ORDER BY 1`,
);

/** After the rows are there: whoever followed the live events of the lost record is told to look anew. */
export const AFTERWARDS = 'UPDATE store SET live_forgotten = pg_snapshot_xmin(pg_current_snapshot())';

export const tablesOfBackup = (): Statement<BackupTable> => listTables(LEFT_OUT);
export const transactionColumns = (): Statement<{ name: string }> => listTransactionColumns(LEFT_OUT);

/** The rows of a table as they go into a backup. */
export function selectOf({ name, columns }: BackupTable): string {
  const values = columns.map((column) => SELECTED[`${name}.${column}`] ?? `t.${quoted(column)}`);
  return `SELECT ${values.join(', ')} FROM ${quoted(name)} t`;
}

/** Artifacts on record: their files, and what they must be. */
export const ARTIFACTS = `SELECT tenant_id, id, sha256 FROM artifact ORDER BY tenant_id, id`;

/** A table with what migrations put into it, emptied. */
export function emptied(name: string): string {
  return `DO $$ BEGIN IF EXISTS (SELECT FROM ${quoted(name)}) THEN TRUNCATE ${quoted(name)} CASCADE; END IF; END $$`;
}

export const setSequence = sql<never, [name: string, last: string]>(
  'restoreSequence',
  `SELECT setval(format('public.%I', $1::text)::regclass, $2::text::bigint)`,
);

export const makeDay = sql<never, [day: string, first: string, before: string]>(
  'restoreDay',
  'SELECT history_make_day($1, $2::uuid, $3::uuid)',
);

export const canMakeDays = sql<{ able: boolean }, []>(
  'restoreCanMakeDays',
  `SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'history_make_day' AND pronamespace = 'public'::regnamespace) AS able`,
);

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
