/** Providers, their groups, and who accounts are at them. */
import type { Role } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import type { RoleRule } from './role-mapping.decision.ts';

export interface ProviderRow {
  readonly tenant: string;
  readonly id: string;
  readonly kind: 'oidc' | 'jwt';
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly sealedSecret: string | null;
  readonly scopes: string;
  /** Where a provider of tokens has its keys. */
  readonly keysUrl: string | null;
  readonly groupsClaim: string;
  readonly linkByEmail: boolean;
  readonly trustEmail: boolean;
  readonly createdAt: Date;
  readonly changedAt: Date;
  readonly roles: readonly RoleRule[];
}

type Changeable = 'name' | 'groupsClaim' | 'linkByEmail' | 'trustEmail' | 'sealedSecret' | 'roles';
type ProviderChanges = { readonly [K in Changeable]?: ProviderRow[K] | undefined };

const PROVIDER = `p.tenant_id AS tenant, p.id, p.kind, p.name, p.issuer, p.client_id AS "clientId",
     p.sealed_secret AS "sealedSecret", p.scopes, p.keys_url AS "keysUrl", p.groups_claim AS "groupsClaim",
     p.link_by_email AS "linkByEmail", p.trust_email AS "trustEmail", p.created_at AS "createdAt", p.changed_at AS "changedAt",
     coalesce((SELECT json_agg(json_build_object('group', r.group_name, 'role', r.role) ORDER BY r.group_name)
       FROM provider_role r WHERE r.tenant_id = p.tenant_id AND r.provider_id = p.id), '[]') AS roles`;

const listSql = sql<ProviderRow, [tenant: string]>(
  'providersOf',
  `SELECT ${PROVIDER} FROM identity_provider p WHERE p.tenant_id = $1 ORDER BY p.name, p.id`,
  { idempotent: true },
);

const ofTenantSql = sql<ProviderRow, [tenant: string, id: string]>(
  'providerOfTenant',
  `SELECT ${PROVIDER} FROM identity_provider p WHERE p.tenant_id = $1 AND p.id = $2`,
  { idempotent: true },
);

// Who changes a provider takes turns; its groups are read after, as the one before left them.
const holdSql = sql<never, [tenant: string, id: string]>(
  'holdProvider',
  `SELECT FROM identity_provider WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
);

// Before a tenant is known: an id is of one provider.
const byIdSql = sql<ProviderRow, [id: string]>(
  'providerById',
  `SELECT ${PROVIDER} FROM identity_provider p JOIN tenant t ON t.id = p.tenant_id
   WHERE p.id = $1 AND t.state <> 'deleting'`,
  { idempotent: true },
);

// A token names nothing else: they are of one tenant.
const byTokenSql = sql<ProviderRow, [issuer: string, audiences: string[]]>(
  'providerOfToken',
  `SELECT ${PROVIDER} FROM identity_provider p JOIN tenant t ON t.id = p.tenant_id
   WHERE p.kind = 'jwt' AND p.issuer = $1 AND p.client_id = ANY ($2) AND t.state <> 'deleting' LIMIT 1`,
  { idempotent: true },
);

const offeredSql = sql<{ id: string; name: string }, [tenant: string | null]>(
  'providersOffered',
  `SELECT p.id, p.name FROM identity_provider p JOIN tenant t ON t.id = p.tenant_id
   WHERE p.kind = 'oidc' AND t.state <> 'deleting' AND CASE WHEN $1::text IS NULL THEN t.operator ELSE t.id = $1 END
   ORDER BY p.name, p.id`,
  { idempotent: true },
);

const insertSql = sql<
  never,
  [
    tenant: string,
    id: string,
    kind: ProviderRow['kind'],
    name: string,
    issuer: string,
    clientId: string,
    sealedSecret: string | null,
    scopes: string,
    groupsClaim: string,
    linkByEmail: boolean,
    trustEmail: boolean,
    now: Date,
    keysUrl: string | null,
  ]
>(
  'insertProvider',
  `INSERT INTO identity_provider (tenant_id, id, kind, name, issuer, client_id, sealed_secret, scopes, groups_claim,
     link_by_email, trust_email, created_at, changed_at, keys_url)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13) ON CONFLICT DO NOTHING`,
);

const changeSql = sql<
  never,
  [
    tenant: string,
    id: string,
    name: string | null,
    groupsClaim: string | null,
    linkByEmail: boolean | null,
    trustEmail: boolean | null,
    sealedSecret: string | null,
    now: Date,
  ]
>(
  'changeProvider',
  `UPDATE identity_provider SET name = coalesce($3, name), groups_claim = coalesce($4, groups_claim),
     link_by_email = coalesce($5, link_by_email), trust_email = coalesce($6, trust_email),
     sealed_secret = coalesce($7, sealed_secret), changed_at = $8
   WHERE tenant_id = $1 AND id = $2`,
);

const dropRolesSql = sql<never, [tenant: string, id: string]>(
  'dropProviderRoles',
  `DELETE FROM provider_role WHERE tenant_id = $1 AND provider_id = $2`,
);

// Of a group that is named twice, the database keeps one: the caller refuses such lists.
const putRolesSql = sql<never, [tenant: string, id: string, groups: string[], roles: Role[]]>(
  'putProviderRoles',
  `INSERT INTO provider_role (tenant_id, provider_id, group_name, role)
   SELECT $1, $2, * FROM unnest($3::text[], $4::text[])`,
);

const removeSql = sql<never, [tenant: string, id: string]>(
  'removeProvider',
  `DELETE FROM identity_provider WHERE tenant_id = $1 AND id = $2`,
);

const identitySql = sql<{ accountId: string }, [tenant: string, providerId: string, subject: string]>(
  'accountOfIdentity',
  `SELECT account_id AS "accountId" FROM account_identity WHERE tenant_id = $1 AND provider_id = $2 AND subject = $3`,
  { idempotent: true },
);

const addIdentitySql = sql<never, [tenant: string, providerId: string, subject: string, accountId: string, now: Date]>(
  'addIdentity',
  `INSERT INTO account_identity (tenant_id, provider_id, subject, account_id, created_at) VALUES ($1, $2, $3, $4, $5)`,
);

export function listProviders(db: Queryable, tenant: string): Promise<ProviderRow[]> {
  return db.query(listSql(tenant));
}

export async function findProvider(db: Queryable, tenant: string, id: string): Promise<ProviderRow | null> {
  return (await db.query(ofTenantSql(tenant, id)))[0] ?? null;
}

/** The provider, held until the transaction ends. */
export async function holdProvider(tx: Transaction, tenant: string, id: string): Promise<ProviderRow | null> {
  await tx.query(holdSql(tenant, id));
  return findProvider(tx, tenant, id);
}

export async function providerById(db: Queryable, id: string): Promise<ProviderRow | null> {
  return (await db.query(byIdSql(id)))[0] ?? null;
}

/** Whose tokens have this issuer and one of these audiences. */
export async function providerOfToken(
  db: Queryable,
  issuer: string,
  audiences: readonly string[],
): Promise<ProviderRow | null> {
  return (await db.query(byTokenSql(issuer, [...audiences])))[0] ?? null;
}

/** What the sign-in page of a tenant shows; null: of the operator's tenant. */
export function providersOffered(db: Queryable, tenant: string | null): Promise<{ id: string; name: string }[]> {
  return db.query(offeredSql(tenant));
}

/** False when the tenant has this client of this issuer, or anybody these tokens, already. */
export async function insertProvider(tx: Transaction, row: ProviderRow): Promise<boolean> {
  const { tenant, id, kind, name, issuer, clientId, sealedSecret, scopes, groupsClaim, linkByEmail, trustEmail } = row;
  const settings = [groupsClaim, linkByEmail, trustEmail, row.createdAt, row.keysUrl] as const;
  const added = await tx.execute(
    insertSql(tenant, id, kind, name, issuer, clientId, sealedSecret, scopes, ...settings),
  );
  if (added > 0) await putRoles(tx, tenant, id, row.roles);
  return added > 0;
}

/** What is left out stays. */
export async function changeProvider(
  tx: Transaction,
  tenant: string,
  id: string,
  change: ProviderChanges,
  now: Date,
): Promise<void> {
  const { name = null, groupsClaim = null, linkByEmail = null, trustEmail = null, sealedSecret = null, roles } = change;
  await tx.execute(changeSql(tenant, id, name, groupsClaim, linkByEmail, trustEmail, sealedSecret, now));
  if (roles === undefined) return;
  await tx.execute(dropRolesSql(tenant, id));
  await putRoles(tx, tenant, id, roles);
}

/** Its sessions and sign-in links end with it. */
export async function removeProvider(tx: Transaction, tenant: string, id: string): Promise<void> {
  await tx.execute(removeSql(tenant, id));
}

/** The account that `subject` of the provider is; null when they were never here. */
export async function accountOfIdentity(
  db: Queryable,
  { tenant, id }: Pick<ProviderRow, 'tenant' | 'id'>,
  subject: string,
): Promise<string | null> {
  return (await db.query(identitySql(tenant, id, subject)))[0]?.accountId ?? null;
}

export async function addIdentity(
  tx: Transaction,
  { tenant, id }: Pick<ProviderRow, 'tenant' | 'id'>,
  subject: string,
  accountId: string,
  now: Date,
): Promise<void> {
  await tx.execute(addIdentitySql(tenant, id, subject, accountId, now));
}

async function putRoles(tx: Transaction, tenant: string, id: string, roles: readonly RoleRule[]): Promise<void> {
  const groups = roles.map(({ group }) => group);
  await tx.execute(
    putRolesSql(
      tenant,
      id,
      groups,
      roles.map(({ role }) => role),
    ),
  );
}
