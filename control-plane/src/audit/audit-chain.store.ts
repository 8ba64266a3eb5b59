/** The chain of each log: its entries in the order in which they were linked, and where it ends. */
import { CHAIN_START, chainHash, type ChainHead, type LinkedEntry } from '@casare/certs';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';

interface EventRow {
  readonly xid: string;
  readonly seq: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Record<string, unknown>;
}

interface LinkedRow extends Omit<EventRow, 'xid'> {
  readonly position: number;
  readonly hash: string;
}

// An entry is linked when every transaction before its own has ended, so that the order can never change.
const logsToLink = sql<{ tenant: string }, []>(
  'logsToLink',
  `SELECT e.tenant_id AS tenant
   FROM (SELECT id FROM tenant UNION ALL SELECT '_installation') t
   LEFT JOIN audit_head h ON h.tenant_id = t.id
   CROSS JOIN LATERAL (
     SELECT tenant_id FROM audit_event
     WHERE tenant_id = t.id AND (xid, seq) > (coalesce(h.xid, '0'), coalesce(h.seq, 0))
       AND xid < pg_snapshot_xmin(pg_current_snapshot())
     LIMIT 1
   ) e`,
  { idempotent: true },
);

const makeHead = sql<never, [tenant: string]>(
  'makeAuditHead',
  `INSERT INTO audit_head (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`,
);

// The lock makes one appender of many replicas; whoever does not get it has nothing to do.
const holdHead = sql<{ position: number; hash: string; xid: string; seq: number }, [tenant: string]>(
  'holdAuditHead',
  `SELECT position, encode(hash, 'hex') AS hash, xid::text AS xid, seq FROM audit_head
   WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED`,
);

const eventsToLink = sql<EventRow, [tenant: string, xid: string, seq: number, limit: number]>(
  'eventsToLink',
  // By the number of the column, not by the text of the result, where 9 comes after 10.
  `SELECT e.xid::text AS xid, seq, at, actor, action, subject, detail FROM audit_event e
   WHERE tenant_id = $1 AND (e.xid, seq) > ($2::text::xid8, $3::bigint)
     AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY e.xid, e.seq LIMIT $4`,
);

const addLinks = sql<never, [tenant: string, positions: number[], seqs: number[], hashes: string[]]>(
  'addAuditLinks',
  `INSERT INTO audit_link (tenant_id, position, seq, hash)
   SELECT $1, l.position, l.seq, decode(l.hash, 'hex')
   FROM unnest($2::bigint[], $3::bigint[], $4::text[]) AS l(position, seq, hash)`,
);

const moveHead = sql<never, [tenant: string, position: number, hash: string, xid: string, seq: number]>(
  'moveAuditHead',
  `UPDATE audit_head SET position = $2, hash = decode($3, 'hex'), xid = $4::text::xid8, seq = $5 WHERE tenant_id = $1`,
);

const linkedEntries = listSql<
  LinkedRow,
  [tenant: string, beyond: number | null, limit: number, since: Date | null, until: Date | null]
>(
  'linkedAuditEntries',
  ({
    order,
    beyond,
  }) => `SELECT l.position, encode(l.hash, 'hex') AS hash, e.seq, e.at, e.actor, e.action, e.subject, e.detail
   FROM audit_link l JOIN audit_event e ON e.tenant_id = l.tenant_id AND e.seq = l.seq
   WHERE l.tenant_id = $1 AND ($2::bigint IS NULL OR l.position ${beyond} $2)
     AND ($4::timestamptz IS NULL OR e.at >= $4) AND ($5::timestamptz IS NULL OR e.at < $5)
   ORDER BY l.position ${order} LIMIT $3`,
);

const headOf = sql<{ position: number; hash: string; at: Date | null }, [tenant: string]>(
  'auditHead',
  `SELECT h.position, encode(h.hash, 'hex') AS hash, e.at FROM audit_head h
   LEFT JOIN audit_event e ON e.tenant_id = h.tenant_id AND e.seq = h.seq WHERE h.tenant_id = $1`,
  { idempotent: true },
);

const operatorTenant = sql<{ operator: boolean }, [tenant: string]>(
  'auditOperatorTenant',
  `SELECT operator FROM tenant WHERE id = $1`,
  { idempotent: true },
);

/** Logs with entries that can be linked now. */
export async function findLogsToLink(db: Queryable): Promise<string[]> {
  return (await db.query(logsToLink())).map(({ tenant }) => tenant);
}

/** Links at most `limit` entries of a log; how many. 0 also when somebody else is at it. */
export async function link(tx: Transaction, tenant: string, limit: number): Promise<number> {
  await tx.execute(makeHead(tenant));
  const [held] = await tx.query(holdHead(tenant));
  if (!held) return 0;
  const rows = await tx.query(eventsToLink(tenant, held.xid, held.seq, limit));
  const last = rows.at(-1);
  if (last === undefined) return 0;
  let head: ChainHead = held;
  const links = rows.map((row): ChainHead => {
    const entry = { ...row, tenant, position: head.position + 1, at: row.at.toISOString() };
    return (head = { position: entry.position, hash: chainHash(head.hash, entry) });
  });
  const [positions, seqs] = [links.map(({ position }) => position), rows.map(({ seq }) => seq)];
  await tx.execute(
    addLinks(
      tenant,
      positions,
      seqs,
      links.map(({ hash }) => hash),
    ),
  );
  await tx.execute(moveHead(tenant, head.position, head.hash, last.xid, last.seq));
  return rows.length;
}

/** Entries of a log after `position`, oldest first. */
export async function listEntries(
  db: Queryable,
  tenant: string,
  { beyond, ascending, limit }: { readonly beyond: number | null; readonly ascending: boolean; readonly limit: number },
  { since = null, until = null }: { readonly since?: Date | null; readonly until?: Date | null } = {},
): Promise<LinkedEntry[]> {
  const page = linkedEntries(ascending);
  const rows = await db.query(page(tenant, beyond, limit, since, until));
  return rows.map((row) => ({ ...row, tenant, at: row.at.toISOString() }));
}

/** Where a log's chain ends. */
export async function findHead(db: Queryable, tenant: string): Promise<ChainHead & { readonly at: string | null }> {
  const [row] = await db.query(headOf(tenant));
  return row ? { ...row, at: row.at?.toISOString() ?? null } : { ...CHAIN_START, at: null };
}

/** Whether accounts of `tenant` look after the installation. */
export async function isOperator(db: Queryable, tenant: string): Promise<boolean> {
  return (await db.query(operatorTenant(tenant)))[0]?.operator ?? false;
}
