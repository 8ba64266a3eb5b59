/** Checkpoints of the audit log that the signer made: appended, and never changed. */
import type { Checkpoint } from '@casare/certs';
import { sql, type Queryable } from '../platform/database/index.ts';

interface CheckpointRow {
  readonly position: number;
  readonly hash: string;
  readonly at: Date;
  readonly publicKey: string;
  readonly signature: string;
}

/** A log whose chain has grown since its last checkpoint. */
export interface DueLog {
  readonly log: string;
  readonly position: number;
  readonly hash: string;
}

// By the database's clock: replicas make one together.
const dueLogs = sql<DueLog, [everyMs: number, limit: number]>(
  'auditCheckpointsDue',
  `SELECT h.tenant_id AS log, h.position, encode(h.hash, 'hex') AS hash
   FROM audit_head h LEFT JOIN LATERAL (
     SELECT position, at FROM audit_checkpoint c WHERE c.tenant_id = h.tenant_id ORDER BY position DESC LIMIT 1
   ) c ON true
   WHERE h.position > coalesce(c.position, 0)
     AND (c.at IS NULL OR c.at < clock_timestamp() - make_interval(secs => $1::float8 / 1000))
   LIMIT $2`,
  { idempotent: true },
);

const addCheckpoint = sql<
  never,
  [tenant: string, position: number, hash: string, at: string, publicKey: string, signature: string]
>(
  'addAuditCheckpoint',
  `INSERT INTO audit_checkpoint (tenant_id, position, hash, at, public_key, signature)
   VALUES ($1, $2, decode($3, 'hex'), $4, $5, $6) ON CONFLICT DO NOTHING`,
);

const checkpointPage = sql<CheckpointRow, [tenant: string, after: number, limit: number]>(
  'auditCheckpointPage',
  `SELECT position, encode(hash, 'hex') AS hash, at, public_key AS "publicKey", signature FROM audit_checkpoint
   WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT $3`,
  { idempotent: true },
);

/** Logs that are due for one: it is their first, or the last one is older than `everyMs`. */
export function findDue(db: Queryable, everyMs: number, limit: number): Promise<DueLog[]> {
  return db.query(dueLogs(everyMs, limit));
}

/** Keeps a checkpoint; another replica may have been faster. */
export async function add(db: Queryable, checkpoint: Checkpoint): Promise<void> {
  const { log, position, hash, at, publicKey, signature } = checkpoint;
  await db.execute(addCheckpoint(log, position, hash, at, publicKey, signature));
}

/** Checkpoints of a log after `position`, oldest first. */
export async function list(db: Queryable, log: string, after: number, limit: number): Promise<Checkpoint[]> {
  const rows = await db.query(checkpointPage(log, after, limit));
  return rows.map((row) => ({ format: 'casare.audit-checkpoint/1', log, ...row, at: row.at.toISOString() }));
}
