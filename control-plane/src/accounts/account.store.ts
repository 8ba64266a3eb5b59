/** Tenants and accounts. A look-up by e-mail comes before the tenant is known; addresses are unique. */
import type { Role } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

export interface AccountRow {
  readonly tenant: string;
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly role: Role;
  /** Looks after the platform. */
  readonly platform: boolean;
  /** Its tenant is. */
  readonly suspended: boolean;
  /** Where its role holds; null: everywhere. */
  readonly sites: string[] | null;
}

const ACCOUNT = `tenant_id AS tenant, a.id, email, password_hash AS "passwordHash", role, platform, a.sites,
  t.state = 'suspended' AS suspended`;
const FROM = `FROM account a JOIN tenant t ON t.id = a.tenant_id`;
// Of disabled accounts, and of a tenant that is being deleted, nobody signs in.
const MAY = `disabled_at IS NULL AND t.state <> 'deleting'`;

export const insertTenant = sql<never, [id: string, name: string]>(
  'insertTenant',
  `INSERT INTO tenant (id, name, operator) VALUES ($1, $2, NOT EXISTS (SELECT FROM tenant)) ON CONFLICT (id) DO NOTHING`,
);

/** Any constant. Replicas that start at once on one home take turns: who comes second reads what the first one wrote. */
const FIRST_START_LOCK = 4_229_113_002;
const lockFirstStartSql = sql<never, [key: number]>('lockFirstStart', 'SELECT pg_advisory_xact_lock($1)');

const insertAccountSql = sql<
  never,
  [tenant: string, id: string, email: string, passwordHash: string, role: Role, platform: boolean]
>(
  'insertAccount',
  `INSERT INTO account (tenant_id, id, email, password_hash, role, platform) VALUES ($1, $2, $3, $4, $5, $6)`,
);

const accountByEmailSql = sql<AccountRow, [email: string]>(
  'accountByEmail',
  `SELECT ${ACCOUNT} ${FROM} WHERE lower(email) = lower($1) AND ${MAY}`,
  { idempotent: true },
);

const accountByIdSql = sql<AccountRow, [tenant: string, id: string]>(
  'accountById',
  `SELECT ${ACCOUNT} ${FROM} WHERE tenant_id = $1 AND a.id = $2 AND ${MAY}`,
  { idempotent: true },
);

const accountsByTokenSql = sql<AccountRow, [ids: string[]]>(
  'accountsByToken',
  `SELECT ${ACCOUNT} ${FROM} WHERE a.id = ANY ($1::uuid[]) AND ${MAY} AND EXISTS (
     SELECT FROM account_identity i JOIN identity_provider p ON p.tenant_id = i.tenant_id AND p.id = i.provider_id
     WHERE i.tenant_id = a.tenant_id AND i.account_id = a.id AND p.kind = 'jwt')`,
  { idempotent: true },
);

const firstOwnerSql = sql<AccountRow, [tenant: string]>(
  'firstOwner',
  `SELECT ${ACCOUNT} ${FROM} WHERE tenant_id = $1 AND role = 'owner'
   ORDER BY disabled_at IS NOT NULL, a.created_at, a.id LIMIT 1`,
);

const setPasswordSql = sql<never, [tenant: string, id: string, passwordHash: string]>(
  'setPassword',
  `UPDATE account SET password_hash = $3 WHERE tenant_id = $1 AND id = $2`,
);

const signedInSql = sql<never, [tenant: string, id: string, at: Date]>(
  'signedIn',
  `UPDATE account SET last_sign_in_at = $3 WHERE tenant_id = $1 AND id = $2`,
);

/** A new account; of the platform only where it is said. */
export interface NewAccount extends Omit<AccountRow, 'platform' | 'suspended' | 'sites'> {
  readonly platform?: boolean;
}

export async function insertAccount(db: Queryable, row: NewAccount): Promise<void> {
  const { tenant, id, email, passwordHash, role, platform = false } = row;
  await db.execute(insertAccountSql(tenant, id, email, passwordHash, role, platform));
}

/** Who may not sign in is not found. */
export async function accountByEmail(db: Queryable, email: string): Promise<AccountRow | null> {
  return (await db.query(accountByEmailSql(email)))[0] ?? null;
}

export async function accountById(db: Queryable, tenant: string, id: string): Promise<AccountRow | null> {
  return (await db.query(accountByIdSql(tenant, id)))[0] ?? null;
}

/** Those of `ids` that may sign in and have a provider of tokens, and what they may do. */
export function accountsByToken(db: Queryable, ids: readonly string[]): Promise<AccountRow[]> {
  return db.query(accountsByTokenSql([...ids]));
}

/** Until the transaction ends, no other process is in its first start. */
export async function lockFirstStart(db: Queryable): Promise<void> {
  await db.execute(lockFirstStartSql(FIRST_START_LOCK));
}

/** The tenant's oldest owner, of those who are not disabled if there are such. */
export async function firstOwner(db: Queryable, tenant: string): Promise<AccountRow | null> {
  return (await db.query(firstOwnerSql(tenant)))[0] ?? null;
}

export async function setPassword(db: Queryable, tenant: string, id: string, passwordHash: string): Promise<void> {
  await db.execute(setPasswordSql(tenant, id, passwordHash));
}

/** Puts on record when somebody signed in last; false when the account is gone, which it is not before the transaction ends. */
export async function signedIn(tx: Transaction, tenant: string, id: string, at: Date): Promise<boolean> {
  return (await tx.execute(signedInSql(tenant, id, at))) > 0;
}
