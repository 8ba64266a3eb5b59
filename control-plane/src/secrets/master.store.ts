/**
 * Which master key is in use, and what is still under another one: of the whole installation, across tenants.
 *
 * Locks: whoever stores a version holds the row of the key in use shared; whoever changes which one it is, or what the
 * key file holds, holds it alone. So no version appears under a key that has just been given up.
 */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { SealedVersion } from './secret.store.ts';

export interface MasterRow {
  readonly id: string;
  readonly state: 'current' | 'retiring';
}

/** A version to be wrapped anew, and what it is bound to. */
export interface StaleVersion extends Omit<SealedVersion, 'sealedValue'> {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
}

const currentMasterSql = sql<{ id: string }>(
  'currentSecretMaster',
  `SELECT id FROM secret_master WHERE state = 'current'`,
  { idempotent: true },
);
// By a function of the owner's: who serves a tenant has no right to the table, which no row-level security divides.
const currentMasterSharedSql = sql<{ id: string }>(
  'currentSecretMasterShared',
  'SELECT id FROM secret_master_in_use() AS m(id) WHERE id IS NOT NULL',
);
const firstMasterSql = sql<never, [id: string, at: Date]>(
  'firstSecretMaster',
  `INSERT INTO secret_master (id, state, made_at) VALUES ($1, 'current', $2) ON CONFLICT DO NOTHING`,
);
// Of two who begin at once the second must see what the first has done: the table's lock first, and then another statement.
const lockMastersTableSql = sql<never>(
  'lockSecretMastersTable',
  `LOCK TABLE secret_master IN SHARE ROW EXCLUSIVE MODE`,
);
const lockMastersSql = sql<MasterRow>(
  'lockSecretMasters',
  `SELECT id, state FROM secret_master ORDER BY id FOR UPDATE`,
);
const retireMastersSql = sql<never>('retireSecretMasters', `UPDATE secret_master SET state = 'retiring'`);
const useMasterSql = sql<never, [id: string, at: Date]>(
  'useSecretMaster',
  `INSERT INTO secret_master (id, state, made_at) VALUES ($1, 'current', $2)
   ON CONFLICT (id) DO UPDATE SET state = 'current'`,
);
const staleVersionsSql = sql<StaleVersion, [master: string, limit: number]>(
  'staleSecretVersions',
  `SELECT v.tenant_id AS tenant, s.id, v.name, v.version, v.wrapped_key AS "wrappedKey", v.master_id AS "masterId"
   FROM secret_version v JOIN secret s ON s.tenant_id = v.tenant_id AND s.name = v.name
   WHERE v.master_id <> $1 ORDER BY v.tenant_id, v.name, v.version LIMIT $2 FOR UPDATE OF v`,
);
const rewrapSql = sql<
  never,
  [tenant: string, name: string, version: number, from: string, wrapped: string, master: string]
>(
  'rewrapSecretVersion',
  `UPDATE secret_version SET wrapped_key = $5, master_id = $6
   WHERE tenant_id = $1 AND name = $2 AND version = $3 AND wrapped_key = $4`,
);
const countStaleSql = sql<{ count: number }, [master: string]>(
  'countStaleSecretVersions',
  `SELECT count(*)::int AS count FROM secret_version WHERE master_id <> $1`,
);
// The foreign key of the versions keeps a key that is still needed.
const forgetRetiringSql = sql<never>(
  'forgetRetiringSecretMasters',
  `DELETE FROM secret_master WHERE state = 'retiring'`,
);
export async function currentMaster(db: Queryable): Promise<string | null> {
  return (await db.query(currentMasterSql()))[0]?.id ?? null;
}

/** It stays the one in use until the transaction ends. */
export async function currentMasterShared(tx: Queryable): Promise<string | null> {
  return (await tx.query(currentMasterSharedSql()))[0]?.id ?? null;
}

/** Where there is none yet. */
export async function firstMaster(db: Queryable, id: string, at: Date): Promise<void> {
  await db.execute(firstMasterSql(id, at));
}

/** Nobody else changes keys, and no version is stored, until the transaction ends. */
export async function lockMasters(tx: Queryable): Promise<MasterRow[]> {
  await tx.execute(lockMastersTableSql());
  return tx.query(lockMastersSql());
}

export async function useMaster(tx: Queryable, id: string, at: Date): Promise<void> {
  await tx.execute(retireMastersSql());
  await tx.execute(useMasterSql(id, at));
}

export function staleVersions(tx: Queryable, master: string, limit: number): Promise<StaleVersion[]> {
  return tx.query(staleVersionsSql(master, limit));
}

export async function rewrap(tx: Queryable, of: StaleVersion, wrapped: string, master: string): Promise<void> {
  await tx.execute(rewrapSql(of.tenant, of.name, of.version, of.wrappedKey, wrapped, master));
}

export async function countStale(db: Queryable, master: string): Promise<number> {
  return (await db.query(countStaleSql(master)))[0]!.count;
}

export async function forgetRetiring(tx: Queryable): Promise<void> {
  await tx.execute(forgetRetiringSql());
}
