/** API keys at rest: id and hash, never the secret. A key is found by its id before its tenant is known; ids are unique. */
import { type Role, type RolePermission } from '@casare/shared/api';
import { listSql, sql, type Queryable } from '../platform/database/index.ts';

/** A key to be kept. */
export interface NewKeyRow {
  readonly tenant: string;
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly secretHash: Buffer;
  readonly role: Role;
  readonly scopes: readonly RolePermission[] | null;
  readonly platform?: boolean;
  readonly sites?: readonly string[] | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

/** A key that is neither revoked nor expired, of an account that is not disabled. */
export interface LiveKey {
  readonly tenant: string;
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly secretHash: Buffer;
  readonly role: Role;
  readonly scopes: RolePermission[] | null;
  readonly platform: boolean;
  /** What its account may do: the key never may more. */
  readonly accountRole: Role;
  readonly accountPlatform: boolean;
  readonly accountSites: string[] | null;
  /** Where it holds; null: where its account's role does. */
  readonly sites: string[] | null;
  /** Its tenant is. */
  readonly suspended: boolean;
  readonly expiresAt: Date | null;
  /** Its last use on record is a while ago. */
  readonly touchDue: boolean;
}

/** A key as people see it. */
export interface KeyRow {
  readonly seq: string;
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  readonly email: string;
  readonly accountRole: Role;
  readonly accountPlatform: boolean;
  readonly accountSites: string[] | null;
  readonly sites: string[] | null;
  readonly role: Role;
  readonly scopes: RolePermission[] | null;
  readonly platform: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly replacedBy: string | null;
}

/** Which page of which keys. */
export interface KeyPage {
  readonly accountId: string | null;
  readonly ended: boolean;
  /** Goes on from this one. */
  readonly beyond: string | null;
  readonly ascending: boolean;
  readonly limit: number;
  /** A part of the name. */
  readonly text: string | null;
}

const insertKeySql = sql<
  never,
  [
    tenant: string,
    id: string,
    accountId: string,
    name: string,
    secretHash: Buffer,
    role: Role,
    scopes: string[] | null,
    createdBy: string,
    createdAt: Date,
    expiresAt: Date | null,
    platform: boolean,
    sites: string[] | null,
  ]
>(
  'insertApiKey',
  `INSERT INTO api_key
     (tenant_id, id, account_id, name, secret_hash, role, scopes, created_by, created_at, expires_at, platform, sites)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
);

// At most one write a minute and key: a busy key must not turn every read into a write.
const TOUCH_DUE = (now: string) =>
  `(k.last_used_at IS NULL OR k.last_used_at < ${now}::timestamptz - interval '1 minute')`;

const LIVE = `k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)`;

const liveKeysSql = sql<LiveKey, [ids: string[], now: Date]>(
  'liveApiKeys',
  `SELECT k.tenant_id AS tenant, k.id, k.account_id AS "accountId", a.email, k.secret_hash AS "secretHash", k.role,
     k.scopes, k.platform, k.sites, a.role AS "accountRole", a.platform AS "accountPlatform", a.sites AS "accountSites", t.state = 'suspended' AS suspended,
     k.expires_at AS "expiresAt", ${TOUCH_DUE('$2')} AS "touchDue"
   FROM api_key k JOIN account a ON a.tenant_id = k.tenant_id AND a.id = k.account_id JOIN tenant t ON t.id = k.tenant_id
   WHERE k.id = ANY ($1) AND a.disabled_at IS NULL AND t.state <> 'deleting' AND ${LIVE}`,
  { idempotent: true },
);

const touchKeySql = sql<never, [tenant: string, id: string, now: Date]>(
  'touchApiKey',
  `UPDATE api_key k SET last_used_at = $3 WHERE k.tenant_id = $1 AND k.id = $2 AND ${TOUCH_DUE('$3')}`,
);

const revokeKeysNamedSql = sql<never, [tenant: string, accountId: string, name: string, now: Date]>(
  'revokeApiKeysNamed',
  `UPDATE api_key SET revoked_at = $4
   WHERE tenant_id = $1 AND account_id = $2 AND name = $3 AND revoked_at IS NULL`,
);

const KEY = `k.seq::text AS seq, k.id, k.name, k.account_id AS "accountId", a.email, a.role AS "accountRole",
     a.platform AS "accountPlatform", a.sites AS "accountSites", k.role, k.sites, k.scopes, k.platform, k.created_by AS "createdBy", k.created_at AS "createdAt", k.expires_at AS "expiresAt",
     k.revoked_at AS "revokedAt", k.last_used_at AS "lastUsedAt", k.replaced_by AS "replacedBy"`;
const FROM = `FROM api_key k JOIN account a ON a.tenant_id = k.tenant_id AND a.id = k.account_id`;

const keyPageSql = listSql<
  KeyRow,
  [
    ...[tenant: string, now: Date, accountId: string | null, ended: boolean, beyond: string | null, limit: number],
    text: string | null,
  ]
>(
  'apiKeyPage',
  ({ order, beyond }) => `SELECT ${KEY} ${FROM}
   WHERE k.tenant_id = $1 AND ($3::uuid IS NULL OR k.account_id = $3) AND ($4 OR (${LIVE}))
     AND ($5::bigint IS NULL OR k.seq ${beyond} $5) AND ($7::text IS NULL OR strpos(lower(k.name), lower($7)) > 0)
   ORDER BY k.seq ${order} LIMIT $6`,
);

const keyByIdSql = sql<KeyRow, [tenant: string, id: string]>(
  'apiKeyById',
  `SELECT ${KEY} ${FROM} WHERE k.tenant_id = $1 AND k.id = $2`,
  { idempotent: true },
);

const revokeKeySql = sql<never, [tenant: string, id: string, now: Date]>(
  'revokeApiKey',
  `UPDATE api_key SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL`,
);

const replaceKeySql = sql<
  never,
  [tenant: string, id: string, by: string, expiresAt: Date | null, revokedAt: Date | null]
>(
  'replaceApiKey',
  `UPDATE api_key SET replaced_by = $3, expires_at = $4, revoked_at = $5 WHERE tenant_id = $1 AND id = $2`,
);

// Who rotates a key and who revokes it take turns: a revoked one must not come alive again for its grace.
const lockKeySql = sql<never, [tenant: string, id: string]>(
  'lockApiKey',
  `SELECT FROM api_key WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE`,
);

// Who makes keys for one account takes turns, so that the count below holds.
const lockAccountSql = sql<never, [tenant: string, accountId: string]>(
  'lockAccountForKeys',
  `SELECT FROM account WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE`,
);

const countLiveSql = sql<{ live: number }, [tenant: string, now: Date, accountId: string]>(
  'countLiveApiKeys',
  `SELECT count(*)::int AS live FROM api_key k WHERE k.tenant_id = $1 AND k.account_id = $3 AND ${LIVE}`,
);

// Keys that the first start made stay: `admin.json` may still hold one, and it must not come alive again.
const sweepKeysSql = sql<never, [before: Date]>(
  'sweepApiKeys',
  `DELETE FROM api_key WHERE created_by <> 'system' AND least(revoked_at, expires_at) < $1`,
);

export async function insertKey(db: Queryable, row: NewKeyRow): Promise<void> {
  const { tenant, id, accountId, name, secretHash, role, createdBy, createdAt, expiresAt, platform = false } = row;
  const scopes = row.scopes === null ? null : [...row.scopes];
  await db.execute(
    insertKeySql(
      ...([tenant, id, accountId, name, secretHash, role, scopes, createdBy, createdAt, expiresAt, platform] as const),
      row.sites === undefined || row.sites === null ? null : [...row.sites],
    ),
  );
}

/** Those of `ids` that are neither revoked nor expired. */
export function liveKeys(db: Queryable, ids: readonly string[], now: Date): Promise<LiveKey[]> {
  return db.query(liveKeysSql([...ids], now));
}

export async function touchKey(db: Queryable, tenant: string, id: string, now: Date): Promise<void> {
  await db.execute(touchKeySql(tenant, id, now));
}

export async function revokeKeysNamed(
  db: Queryable,
  tenant: string,
  accountId: string,
  name: string,
  now: Date,
): Promise<void> {
  await db.execute(revokeKeysNamedSql(tenant, accountId, name, now));
}

/** Newest first. */
export function listKeys(db: Queryable, tenant: string, page: KeyPage, now: Date): Promise<KeyRow[]> {
  return db.query(
    keyPageSql(page.ascending)(tenant, now, page.accountId, page.ended, page.beyond, page.limit, page.text),
  );
}

export async function keyById(db: Queryable, tenant: string, id: string): Promise<KeyRow | null> {
  return (await db.query(keyByIdSql(tenant, id)))[0] ?? null;
}

/** The key, which nobody else changes until the transaction ends. */
export async function holdKey(tx: Queryable, tenant: string, id: string): Promise<KeyRow | null> {
  await tx.query(lockKeySql(tenant, id));
  return keyById(tx, tenant, id);
}

/** False when it was revoked before. */
export async function revokeKey(db: Queryable, tenant: string, id: string, now: Date): Promise<boolean> {
  return (await db.execute(revokeKeySql(tenant, id, now))) > 0;
}

/** Another key stands in its place; its own end is now, or `until`. Behind `countKeysLocked` and `holdKey`. */
export async function replaceKey(
  db: Queryable,
  { tenant, id, expiresAt }: { readonly tenant: string; readonly id: string; readonly expiresAt: Date | null },
  by: string,
  ends: { readonly now: boolean; readonly at: Date },
): Promise<void> {
  await db.execute(replaceKeySql(tenant, id, by, ends.now ? expiresAt : ends.at, ends.now ? ends.at : null));
}

/** How many keys of the account are alive; until the transaction ends, nobody else makes one for it. Null: it is gone. */
export async function countKeysLocked(
  db: Queryable,
  tenant: string,
  accountId: string,
  now: Date,
): Promise<number | null> {
  if ((await db.query(lockAccountSql(tenant, accountId))).length === 0) return null;
  return (await db.query(countLiveSql(tenant, now, accountId)))[0]!.live;
}

/** Removes keys that ended before that time. */
export async function sweepKeys(db: Queryable, before: Date): Promise<void> {
  await db.execute(sweepKeysSql(before));
}
