/**
 * Everything that is a tenant's, by the catalogue: every table with a column `tenant_id`. So a table that comes later is
 * exported and emptied without anybody thinking of it here.
 *
 * Names of tables and columns cannot be parameters: they come from the catalogue, quoted by it.
 */
import { sql, type Queryable, type Statement, type Transaction } from '../platform/database/index.ts';
import type { Reference } from './deletion-order.decision.ts';

/** A table; a partitioned one as a whole: its partitions are reached by way of it alone. */
export interface TenantTable {
  /** Quoted. */
  readonly name: string;
  /** What people call it. */
  readonly of: string;
  /** Of a partitioned table: the columns of its primary key, quoted, by which rows are found in any partition. */
  readonly key: string | null;
}

/** A table as it is exported. */
export interface ExportedTable {
  readonly name: string;
  readonly quoted: string;
  readonly columns: readonly string[];
  /** Of them, those of bytes. */
  readonly binary: readonly string[];
  /** Columns and types of the primary key, quoted. */
  readonly key: readonly { readonly column: string; readonly type: string }[];
}

const tenantTables = sql<TenantTable, []>(
  'tenantTables',
  `SELECT quote_ident(c.relname) AS name, c.relname::text AS of, CASE WHEN c.relkind = 'p' THEN (
     SELECT string_agg(quote_ident(k.attname), ', ') FROM pg_index i
     JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey)
     WHERE i.indrelid = c.oid AND i.indisprimary) END AS key
   FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
   WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
);

const tableReferences = sql<Reference, []>(
  'tableReferences',
  `SELECT DISTINCT quote_ident(f.relname) AS from, quote_ident(t.relname) AS to
   FROM pg_constraint r JOIN pg_class f ON f.oid = r.conrelid JOIN pg_class t ON t.oid = r.confrelid WHERE r.contype = 'f'`,
);

const exportedTables = sql<ExportedTable, []>(
  'exportedTables',
  `SELECT c.relname::text AS name, quote_ident(c.relname) AS quoted,
     (SELECT array_agg(x.attname::text ORDER BY x.attnum) FROM pg_attribute x
      WHERE x.attrelid = c.oid AND x.attnum > 0 AND NOT x.attisdropped) AS columns,
     (SELECT coalesce(array_agg(x.attname::text ORDER BY x.attnum), '{}') FROM pg_attribute x
      WHERE x.attrelid = c.oid AND x.attnum > 0 AND NOT x.attisdropped AND x.atttypid = 'bytea'::regtype) AS binary,
     (SELECT jsonb_agg(jsonb_build_object('column', quote_ident(k.attname), 'type', format_type(k.atttypid, k.atttypmod))
        ORDER BY array_position(i.indkey::int2[], k.attnum))
      FROM pg_index i JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey)
      WHERE i.indrelid = c.oid AND i.indisprimary) AS key
   FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
   WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
);

// What is about a tenant and has no such column: the installation's locks on it, and warnings of its CAs.
const forgetAbout = sql<never, [tenant: string]>(
  'forgetAboutTenant',
  `WITH locks AS (DELETE FROM trust_lock WHERE tenant_id IS NULL AND kind = 'tenant' AND target = $1)
   DELETE FROM expiry_warning w USING certificate_authority c
   WHERE c.tenant_id = $1 AND right(w.subject, 36) = c.id::text`,
);

const dropTenant = sql<never, [tenant: string]>(
  'dropTenant',
  `DELETE FROM tenant WHERE id = $1 AND state = 'deleting' AND NOT operator`,
);

/** Tables with rows of tenants, in an order in which they can be emptied. */
export function listTenantTables(db: Queryable): Promise<TenantTable[]> {
  return db.query(tenantTables());
}

export function listReferences(db: Queryable): Promise<Reference[]> {
  return db.query(tableReferences());
}

/** Removes at most `limit` rows of a tenant; how many. */
export function removeSome(db: Queryable, table: TenantTable, tenant: string, limit: number): Promise<number> {
  const { name, key } = table;
  const some = `SELECT ${key ?? 'ctid'} FROM ${name} WHERE tenant_id = $1 LIMIT $2`;
  const where = key === null ? `ctid = ANY (ARRAY(${some}))` : `(${key}) IN (${some})`;
  return db.execute(dynamic(`remove ${name}`, `DELETE FROM ${name} WHERE ${where}`, [tenant, limit]));
}

/** How many rows of a tenant a table has. */
export async function countRows(db: Queryable, { name }: TenantTable, tenant: string): Promise<number> {
  const text = `SELECT count(*)::int AS n FROM ${name} WHERE tenant_id = $1`;
  return (await db.query(dynamic<{ n: number }>(`count ${name}`, text, [tenant])))[0]!.n;
}

export async function removeAbout(db: Queryable, tenant: string): Promise<void> {
  await db.execute(forgetAbout(tenant));
}

/** The row of the tenant itself; false when it is not being deleted. */
export async function removeTenantRow(tx: Transaction, tenant: string): Promise<boolean> {
  return (await tx.execute(dropTenant(tenant))) === 1;
}

export function listExportedTables(db: Queryable): Promise<ExportedTable[]> {
  return db.query(exportedTables());
}

/** Rows as JSON texts, in the order of the primary key; `after` is the place of the last one before. */
export function listRows(
  db: Queryable,
  table: ExportedTable,
  ask: {
    readonly tenant: string;
    readonly without: readonly string[];
    readonly after: string | null;
    readonly limit: number;
  },
): Promise<{ row: string; place: string }[]> {
  const { quoted, key } = table;
  const columns = key.map(({ column }) => `t.${column}`).join(', ');
  const places = key.map(({ type }, index) => `($4::jsonb->>${index})::${type}`).join(', ');
  const after = ask.after === null ? '' : `AND (${columns}) > (${places})`;
  const text = `SELECT (to_jsonb(t) - $2::text[])::text AS row, jsonb_build_array(${key.map(({ column }) => `t.${column}::text`).join(', ')})::text AS place
     FROM ${quoted} t WHERE t.tenant_id = $1 ${after} ORDER BY ${columns} LIMIT $3`;
  const values = [ask.tenant, [...ask.without], ask.limit, ...(ask.after === null ? [] : [ask.after])];
  return db.query(dynamic(`export ${table.name} ${ask.after === null ? 'first' : 'next'}`, text, values));
}

/** A statement made for a table of the catalogue: at most a few for each table. */
function dynamic<Row>(name: string, text: string, values: readonly unknown[]): Statement<Row> {
  return { name: name.slice(0, 63), text, values, idempotent: false };
}
