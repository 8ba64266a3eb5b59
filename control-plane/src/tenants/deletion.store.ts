/** Deletions of tenants: what was asked, what was removed, and the report that outlives the tenant. */
import type { DeletionReport } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

export interface DeletionRow {
  readonly id: string;
  readonly tenant: string;
  readonly askedBy: string;
  readonly askedAt: Date;
  /** Rows and files that were removed until now, by table and folder. */
  readonly removed: Readonly<Record<string, number>>;
  readonly report: DeletionReport | null;
  readonly finishedAt: Date | null;
}

const COLUMNS = `id, tenant, asked_by AS "askedBy", asked_at AS "askedAt", removed, report, finished_at AS "finishedAt"`;

const addDeletion = sql<never, [id: string, tenant: string, by: string, at: Date]>(
  'addDeletion',
  `INSERT INTO tenant_deletion (id, tenant, asked_by, asked_at) VALUES ($1, $2, $3, $4)`,
);
const newestDeletion = sql<DeletionRow, [tenant: string]>(
  'newestDeletion',
  `SELECT ${COLUMNS} FROM tenant_deletion WHERE tenant = $1 ORDER BY asked_at DESC LIMIT 1`,
  { idempotent: true },
);
const openDeletions = sql<DeletionRow, [limit: number]>(
  'openDeletions',
  `SELECT ${COLUMNS} FROM tenant_deletion WHERE finished_at IS NULL ORDER BY asked_at LIMIT $1`,
  { idempotent: true },
);
const countRemoved = sql<never, [id: string, of: string, more: number]>(
  'countRemoved',
  `UPDATE tenant_deletion
   SET removed = removed || jsonb_build_object($2::text, coalesce((removed->>$2)::bigint, 0) + $3::bigint) WHERE id = $1`,
);
const finishDeletion = sql<never, [id: string, report: string, at: Date]>(
  'finishDeletion',
  `UPDATE tenant_deletion SET report = $2::jsonb, finished_at = $3 WHERE id = $1 AND finished_at IS NULL`,
);

export async function insert(
  tx: Transaction,
  row: Pick<DeletionRow, 'id' | 'tenant' | 'askedBy' | 'askedAt'>,
): Promise<void> {
  await tx.execute(addDeletion(row.id, row.tenant, row.askedBy, row.askedAt));
}

export async function findNewest(db: Queryable, tenant: string): Promise<DeletionRow | null> {
  return (await db.query(newestDeletion(tenant)))[0] ?? null;
}

/** Those that go on, oldest first. */
export function listOpen(db: Queryable, limit: number): Promise<DeletionRow[]> {
  return db.query(openDeletions(limit));
}

export async function noteRemoved(db: Queryable, id: string, of: string, more: number): Promise<void> {
  await db.execute(countRemoved(id, of, more));
}

export async function finish(tx: Transaction, id: string, report: DeletionReport, at: Date): Promise<void> {
  await tx.execute(finishDeletion(id, JSON.stringify(report), at));
}
