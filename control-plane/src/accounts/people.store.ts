/** Accounts as people steer them, and invitations. A link's token is stored hashed. */
import type { Role } from '@casare/shared/api';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';

export interface PersonRow {
  readonly seq: string;
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly platform: boolean;
  /** Where the role holds; null: everywhere. */
  readonly sites: string[] | null;
  /** False: it was invited, and no password was chosen yet, nor came they by a provider. */
  readonly joined: boolean;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
  readonly lastSignInAt: Date | null;
  readonly secondFactor: boolean;
}

/** What is stored where no password was chosen: nothing verifies against it. */
const NO_PASSWORD = '-';
const PERSON = `seq::text AS seq, id, email, role, platform, sites, (password_hash <> '${NO_PASSWORD}' OR EXISTS (
       SELECT FROM account_identity i WHERE i.tenant_id = account.tenant_id AND i.account_id = account.id)) AS joined, created_at AS "createdAt",
     disabled_at AS "disabledAt", last_sign_in_at AS "lastSignInAt", EXISTS (
       SELECT FROM second_factor f WHERE f.tenant_id = account.tenant_id AND f.account_id = account.id
         AND f.confirmed_at IS NOT NULL) AS "secondFactor"`;

const personPageSql = listSql<
  PersonRow,
  [tenant: string, beyond: string | null, limit: number, text: string | null, role: Role | null]
>(
  'personPage',
  ({ order, beyond }) => `SELECT ${PERSON} FROM account
   WHERE tenant_id = $1 AND ($2::bigint IS NULL OR seq ${beyond} $2)
     AND ($4::text IS NULL OR strpos(lower(email), lower($4)) > 0) AND ($5::text IS NULL OR role = $5)
   ORDER BY seq ${order} LIMIT $3`,
);

const personByIdSql = sql<PersonRow, [tenant: string, id: string]>(
  'personById',
  `SELECT ${PERSON} FROM account WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);

const personByEmailSql = sql<PersonRow, [tenant: string, email: string]>(
  'personByEmail',
  `SELECT ${PERSON} FROM account WHERE tenant_id = $1 AND lower(email) = lower($2)`,
  { idempotent: true },
);

// All changes of a tenant's accounts take turns here: each sees the owners and the account that the one before left.
const lockPeopleSql = sql<never, [tenant: string]>('lockPeople', `SELECT FROM tenant WHERE id = $1 FOR NO KEY UPDATE`);

const ownersSql = sql<{ id: string }, [tenant: string]>(
  'ownersWhoCanSignIn',
  `SELECT id FROM account
   WHERE tenant_id = $1 AND role = 'owner' AND disabled_at IS NULL AND password_hash <> '${NO_PASSWORD}' LIMIT 2`,
);

const countPeopleSql = sql<{ people: number }, [tenant: string]>(
  'countPeople',
  `SELECT count(*)::int AS people FROM account WHERE tenant_id = $1`,
);

// Addresses are unique in the whole installation.
const addPersonSql = sql<
  never,
  [tenant: string, id: string, email: string, role: Role, now: Date, sites: string[] | null]
>(
  'addPerson',
  `INSERT INTO account (tenant_id, id, email, password_hash, role, created_at, sites)
   VALUES ($1, $2, $3, '${NO_PASSWORD}', $4, $5, $6) ON CONFLICT (lower(email)) DO NOTHING`,
);

const setRoleSql = sql<never, [tenant: string, id: string, role: Role, sites: string[] | null]>(
  'setRole',
  `UPDATE account SET role = $3, sites = $4 WHERE tenant_id = $1 AND id = $2`,
);

const setPlatformSql = sql<never, [tenant: string, id: string, platform: boolean]>(
  'setPlatform',
  `UPDATE account SET platform = $3 WHERE tenant_id = $1 AND id = $2`,
);

// Operators of the platform are accounts of the operator's tenant, whose changes take turns (`lockPeople`).
const platformOperatorsSql = sql<{ id: string }, [tenant: string]>(
  'platformOperators',
  `SELECT a.id FROM account a JOIN tenant t ON t.id = a.tenant_id
   WHERE a.tenant_id = $1 AND t.operator AND a.platform AND a.disabled_at IS NULL
     AND a.password_hash <> '${NO_PASSWORD}' LIMIT 2`,
);

const isOperatorSql = sql<{ operator: boolean }, [tenant: string]>(
  'isOperatorTenant',
  `SELECT operator FROM tenant WHERE id = $1`,
);

const setDisabledSql = sql<never, [tenant: string, id: string, at: Date | null]>(
  'setDisabled',
  `UPDATE account SET disabled_at = $3 WHERE tenant_id = $1 AND id = $2`,
);

const putInvitationSql = sql<never, [tenant: string, accountId: string, hash: Buffer, expiresAt: Date]>(
  'putInvitation',
  `INSERT INTO invitation (tenant_id, account_id, token_hash, expires_at) VALUES ($1, $2, $3, $4)
   ON CONFLICT (tenant_id, account_id) DO UPDATE SET token_hash = $3, expires_at = $4`,
);

const dropInvitationSql = sql<never, [tenant: string, accountId: string]>(
  'dropInvitation',
  `DELETE FROM invitation WHERE tenant_id = $1 AND account_id = $2`,
);

const invitedSql = sql<{ tenant: string; accountId: string }, [hash: Buffer, now: Date]>(
  'invitedBy',
  `SELECT tenant_id AS tenant, account_id AS "accountId" FROM invitation WHERE token_hash = $1 AND expires_at > $2`,
  { idempotent: true },
);

// Of two uses at once, one deletes the row.
const useInvitationSql = sql<never, [hash: Buffer, now: Date]>(
  'useInvitation',
  `DELETE FROM invitation WHERE token_hash = $1 AND expires_at > $2`,
);

/** Newest first. */
export function listPeople(
  db: Queryable,
  tenant: string,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
  filter: { readonly q?: string | undefined; readonly role?: Role | undefined },
): Promise<PersonRow[]> {
  const { beyond, ascending, limit } = page;
  return db.query(personPageSql(ascending)(tenant, beyond, limit, filter.q ?? null, filter.role ?? null));
}

export async function personById(db: Queryable, tenant: string, id: string): Promise<PersonRow | null> {
  return (await db.query(personByIdSql(tenant, id)))[0] ?? null;
}

export async function personByEmail(db: Queryable, tenant: string, email: string): Promise<PersonRow | null> {
  return (await db.query(personByEmailSql(tenant, email)))[0] ?? null;
}

/** Until the transaction ends, nobody else changes accounts of the tenant. */
export async function lockPeople(tx: Transaction, tenant: string): Promise<void> {
  await tx.query(lockPeopleSql(tenant));
}

/** True when nobody else is an owner who can sign in. */
export async function isLastOwner(tx: Transaction, tenant: string, id: string): Promise<boolean> {
  const owners = await tx.query(ownersSql(tenant));
  return owners.length === 1 && owners[0]!.id === id;
}

export async function countPeople(tx: Transaction, tenant: string): Promise<number> {
  return (await tx.query(countPeopleSql(tenant)))[0]!.people;
}

/** False when the address is taken. */
export async function addPerson(
  tx: Transaction,
  tenant: string,
  person: {
    readonly id: string;
    readonly email: string;
    readonly role: Role;
    readonly sites: readonly string[] | null;
  },
  now: Date,
): Promise<boolean> {
  return (await tx.execute(addPersonSql(tenant, person.id, person.email, person.role, now, listOf(person.sites)))) > 0;
}

export async function setRole(
  tx: Transaction,
  tenant: string,
  id: string,
  { role, sites }: { readonly role: Role; readonly sites: readonly string[] | null },
): Promise<void> {
  await tx.execute(setRoleSql(tenant, id, role, listOf(sites)));
}

function listOf(sites: readonly string[] | null): string[] | null {
  return sites && [...new Set(sites)];
}

export async function setPlatform(tx: Transaction, tenant: string, id: string, platform: boolean): Promise<void> {
  await tx.execute(setPlatformSql(tenant, id, platform));
}

/** True when nobody else looks after the platform who can sign in. */
export async function isLastPlatformOperator(tx: Transaction, tenant: string, id: string): Promise<boolean> {
  const operators = await tx.query(platformOperatorsSql(tenant));
  return operators.length === 1 && operators[0]!.id === id;
}

/** Whether accounts of `tenant` may look after the platform. */
export async function isOperatorTenant(tx: Transaction, tenant: string): Promise<boolean> {
  return (await tx.query(isOperatorSql(tenant)))[0]?.operator ?? false;
}

/** `at` null: it is enabled. */
export async function setDisabled(tx: Transaction, tenant: string, id: string, at: Date | null): Promise<void> {
  await tx.execute(setDisabledSql(tenant, id, at));
}

/** In the place of the one before. */
export async function putInvitation(
  tx: Transaction,
  tenant: string,
  accountId: string,
  hash: Buffer,
  expiresAt: Date,
): Promise<void> {
  await tx.execute(putInvitationSql(tenant, accountId, hash, expiresAt));
}

export async function dropInvitation(tx: Transaction, tenant: string, accountId: string): Promise<void> {
  await tx.execute(dropInvitationSql(tenant, accountId));
}

/** Whom a link invites; null when it is unknown, used or expired. */
export async function invitedBy(
  db: Queryable,
  hash: Buffer,
  now: Date,
): Promise<{ tenant: string; accountId: string } | null> {
  return (await db.query(invitedSql(hash, now)))[0] ?? null;
}

/** Uses it up; false when somebody else did, or it has expired. */
export async function useInvitation(tx: Transaction, hash: Buffer, now: Date): Promise<boolean> {
  return (await tx.execute(useInvitationSql(hash, now))) > 0;
}
