/** Tenants, accounts and API keys. Look-ups by e-mail and by key id come before the tenant is known; both are unique. */
import type { Role } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

export interface AccountRow {
  readonly tenant: string;
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly role: Role;
}

export interface ApiKeyRow {
  readonly tenant: string;
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly secretHash: Buffer;
  readonly role: Role;
}

/** A key as it was found. */
export interface LiveApiKey extends ApiKeyRow {
  /** Its last use on record is a while ago. */
  readonly touchDue: boolean;
}

const ACCOUNT = `tenant_id AS tenant, id, email, password_hash AS "passwordHash", role`;

export const insertTenant = sql<never, [id: string, name: string]>(
  'insertTenant',
  `INSERT INTO tenant (id, name, operator) VALUES ($1, $2, NOT EXISTS (SELECT FROM tenant)) ON CONFLICT (id) DO NOTHING`,
);

/** Any constant. Replicas that start at once on one home take turns: who comes second reads what the first one wrote. */
const FIRST_START_LOCK = 4_229_113_002;
const lockFirstStartSql = sql<never, [key: number]>('lockFirstStart', 'SELECT pg_advisory_xact_lock($1)');

const insertAccountSql = sql<never, [tenant: string, id: string, email: string, passwordHash: string, role: Role]>(
  'insertAccount',
  `INSERT INTO account (tenant_id, id, email, password_hash, role) VALUES ($1, $2, $3, $4, $5)`,
);

const accountByEmailSql = sql<AccountRow, [email: string]>(
  'accountByEmail',
  `SELECT ${ACCOUNT} FROM account WHERE lower(email) = lower($1)`,
  { idempotent: true },
);

const accountByIdSql = sql<AccountRow, [tenant: string, id: string]>(
  'accountById',
  `SELECT ${ACCOUNT} FROM account WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);

const firstOwnerSql = sql<AccountRow, [tenant: string]>(
  'firstOwner',
  `SELECT ${ACCOUNT} FROM account WHERE tenant_id = $1 AND role = 'owner' ORDER BY created_at, id LIMIT 1`,
);

const setPasswordSql = sql<never, [tenant: string, id: string, passwordHash: string]>(
  'setPassword',
  `UPDATE account SET password_hash = $3 WHERE tenant_id = $1 AND id = $2`,
);

const insertApiKeySql = sql<
  never,
  [tenant: string, id: string, accountId: string, name: string, secretHash: Buffer, role: Role]
>(
  'insertApiKey',
  `INSERT INTO api_key (tenant_id, id, account_id, name, secret_hash, role) VALUES ($1, $2, $3, $4, $5, $6)`,
);

// At most one write a minute and key: a busy key must not turn every read into a write.
const TOUCH_DUE = (now: string) => `(last_used_at IS NULL OR last_used_at < ${now}::timestamptz - interval '1 minute')`;

const liveApiKeySql = sql<LiveApiKey, [id: string, now: Date]>(
  'liveApiKey',
  `SELECT k.tenant_id AS tenant, k.id, k.account_id AS "accountId", a.email, k.secret_hash AS "secretHash", k.role,
     ${TOUCH_DUE('$2')} AS "touchDue"
   FROM api_key k JOIN account a ON a.tenant_id = k.tenant_id AND a.id = k.account_id
   WHERE k.id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)`,
  { idempotent: true },
);

const touchApiKeySql = sql<never, [tenant: string, id: string, now: Date]>(
  'touchApiKey',
  `UPDATE api_key SET last_used_at = $3
   WHERE tenant_id = $1 AND id = $2 AND ${TOUCH_DUE('$3')}`,
);

const revokeApiKeysNamedSql = sql<never, [tenant: string, accountId: string, name: string, now: Date]>(
  'revokeApiKeysNamed',
  `UPDATE api_key SET revoked_at = $4
   WHERE tenant_id = $1 AND account_id = $2 AND name = $3 AND revoked_at IS NULL`,
);

export async function insertAccount(db: Queryable, row: AccountRow): Promise<void> {
  await db.execute(insertAccountSql(row.tenant, row.id, row.email, row.passwordHash, row.role));
}

export async function accountByEmail(db: Queryable, email: string): Promise<AccountRow | null> {
  return (await db.query(accountByEmailSql(email)))[0] ?? null;
}

export async function accountById(db: Queryable, tenant: string, id: string): Promise<AccountRow | null> {
  return (await db.query(accountByIdSql(tenant, id)))[0] ?? null;
}

/** Until the transaction ends, no other process is in its first start. */
export async function lockFirstStart(db: Queryable): Promise<void> {
  await db.execute(lockFirstStartSql(FIRST_START_LOCK));
}

/** The tenant's oldest owner. */
export async function firstOwner(db: Queryable, tenant: string): Promise<AccountRow | null> {
  return (await db.query(firstOwnerSql(tenant)))[0] ?? null;
}

export async function setPassword(db: Queryable, tenant: string, id: string, passwordHash: string): Promise<void> {
  await db.execute(setPasswordSql(tenant, id, passwordHash));
}

export async function insertApiKey(db: Queryable, row: Omit<ApiKeyRow, 'email'> & { name: string }): Promise<void> {
  await db.execute(insertApiKeySql(row.tenant, row.id, row.accountId, row.name, row.secretHash, row.role));
}

/** The key if it is neither revoked nor expired. */
export async function liveApiKey(db: Queryable, id: string, now: Date): Promise<LiveApiKey | null> {
  return (await db.query(liveApiKeySql(id, now)))[0] ?? null;
}

export async function touchApiKey(db: Queryable, tenant: string, id: string, now: Date): Promise<void> {
  await db.execute(touchApiKeySql(tenant, id, now));
}

export async function revokeApiKeysNamed(
  db: Queryable,
  tenant: string,
  accountId: string,
  name: string,
  now: Date,
): Promise<void> {
  await db.execute(revokeApiKeysNamedSql(tenant, accountId, name, now));
}
