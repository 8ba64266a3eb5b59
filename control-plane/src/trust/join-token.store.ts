/** Join tokens at rest: id and hash, never the secret. */
import type { JoinToken } from '@casare/shared/api';
import { listSql, sql, type Queryable } from '../platform/database/index.ts';

/** A token to be kept. */
export interface NewJoinToken {
  readonly tenant: string;
  readonly id: string;
  /** SHA-256, hex. */
  readonly secretHash: string;
  readonly site: string | null;
  readonly grants: readonly string[];
  readonly uses: number;
  readonly autoApprove: boolean;
  readonly hosts: readonly string[];
  readonly networks: readonly string[];
  readonly ephemeral: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** What redeeming a token gives. */
export interface TokenUse {
  readonly tenant: string;
  readonly tokenId: string;
  readonly site: string | null;
  readonly grants: readonly string[];
  readonly autoApprove: boolean;
  readonly ephemeral: boolean;
}

/** What is on record of a token that somebody presents. */
export interface TokenOnRecord {
  readonly tenant: string;
  /** SHA-256, hex. */
  readonly hash: string;
  readonly hosts: readonly string[];
  readonly networks: readonly string[];
  /** It can be used now. */
  readonly usable: boolean;
}

interface Row {
  readonly id: string;
  readonly site: string | null;
  readonly grants: string[];
  readonly uses_left: number;
  readonly auto_approve: boolean;
  readonly host_patterns: string[];
  readonly networks: string[];
  readonly ephemeral: boolean;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly revoked_at: Date | null;
}

const addJoinToken = sql<
  never,
  [
    tenant: string,
    id: string,
    hash: Buffer,
    site: string | null,
    grants: string[],
    uses: number,
    autoApprove: boolean,
    createdAt: Date,
    expiresAt: Date,
    hosts: string[],
    networks: string[],
    ephemeral: boolean,
  ]
>(
  'addJoinToken',
  `INSERT INTO join_token (tenant_id, id, secret_hash, site, grants, uses_left, auto_approve, created_at, expires_at,
     host_patterns, networks, ephemeral)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
);

const joinTokenPage = listSql<
  Row,
  [
    ...[tenant: string, createdAt: Date | null, id: string, limit: number, site: string | null, label: string | null],
    ...[from: string | null, until: string | null],
  ]
>(
  'joinTokenPage',
  ({
    order,
    beyond,
  }) => `SELECT id, site, grants, uses_left, auto_approve, host_patterns, networks, ephemeral, created_at, expires_at,
     revoked_at FROM join_token
   WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) ${beyond} ($2, $3))
     AND ($5::text IS NULL OR site = $5) AND ($6::text IS NULL OR $6 = ANY(grants))
     AND ($7::timestamptz IS NULL OR created_at >= $7) AND ($8::timestamptz IS NULL OR created_at < $8)
   ORDER BY created_at ${order}, id ${order} LIMIT $4`,
);

const revokeJoinToken = sql<{ changed: boolean }, [tenant: string, id: string, now: Date]>(
  'revokeJoinToken',
  `WITH found AS (SELECT id, revoked_at FROM join_token WHERE tenant_id = $1 AND id = $2 FOR UPDATE),
   revoked AS (
     UPDATE join_token t SET revoked_at = $3 FROM found f
     WHERE t.tenant_id = $1 AND t.id = f.id AND f.revoked_at IS NULL RETURNING 1
   )
   SELECT EXISTS (SELECT FROM revoked) AS changed FROM found`,
);

const joinTokenOnRecord = sql<Omit<TokenOnRecord, 'hash'> & { readonly hash: Buffer }, [id: string, now: Date]>(
  'joinTokenOnRecord',
  `SELECT tenant_id AS tenant, secret_hash AS hash, host_patterns AS hosts, networks,
     uses_left > 0 AND revoked_at IS NULL AND expires_at > $2 AS usable
   FROM join_token WHERE id = $1`,
  { idempotent: true },
);

// The guard and the count are one statement: of many redemptions at once, as many succeed as uses are left.
const useJoinToken = sql<TokenUse, [tenant: string, id: string, now: Date]>(
  'useJoinToken',
  `UPDATE join_token SET uses_left = uses_left - 1
   WHERE tenant_id = $1 AND id = $2 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > $3
   RETURNING tenant_id AS tenant, id AS "tokenId", site, grants, auto_approve AS "autoApprove",
     ephemeral`,
);

export async function insertJoinToken(tx: Queryable, token: NewJoinToken): Promise<void> {
  const { tenant, id, secretHash, site, grants, uses, autoApprove, createdAt, expiresAt } = token;
  const hash = Buffer.from(secretHash, 'hex');
  const [hosts, networks] = [[...token.hosts], [...token.networks]];
  const how = [uses, autoApprove, createdAt, expiresAt, hosts, networks, token.ephemeral] as const;
  await tx.execute(addJoinToken(tenant, id, hash, site, [...grants], ...how));
}

/** How a list of tokens is narrowed. */
export interface TokenFilter {
  readonly site?: string | undefined;
  readonly tag?: string | undefined;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
}

/** Where a page of tokens goes on, and which way. */
export interface TokenRange {
  readonly beyond: { readonly createdAt: Date; readonly id: string } | null;
  readonly ascending: boolean;
  readonly limit: number;
}

/** Tokens of a tenant, by age. */
export async function listJoinTokens(
  db: Queryable,
  tenant: string,
  { site, tag, createdAfter, createdBefore }: TokenFilter,
  { beyond, ascending, limit }: TokenRange,
  now: Date,
): Promise<JoinToken[]> {
  const filter = [site ?? null, tag ?? null, createdAfter ?? null, createdBefore ?? null] as const;
  const page = joinTokenPage(ascending);
  const rows = await db.query(page(tenant, beyond?.createdAt ?? null, beyond?.id ?? '', limit, ...filter));
  return rows.map((row) => viewOf(row, now));
}

/** Revokes; false when it was revoked before, null when there is no such token. */
export async function revoke(tx: Queryable, tenant: string, id: string, now: Date): Promise<boolean | null> {
  return (await tx.query(revokeJoinToken(tenant, id, now)))[0]?.changed ?? null;
}

/** Whose token `id` is, the hash of its secret, and who may use it. */
export async function findToken(db: Queryable, id: string, now: Date): Promise<TokenOnRecord | null> {
  const [row] = await db.query(joinTokenOnRecord(id, now));
  return row ? { ...row, hash: row.hash.toString('hex') } : null;
}

/** Takes one use; null when none is left, or the token is expired or revoked. */
export async function takeUse(tx: Queryable, tenant: string, id: string, now: Date): Promise<TokenUse | null> {
  return (await tx.query(useJoinToken(tenant, id, now)))[0] ?? null;
}

function viewOf(row: Row, now: Date): JoinToken {
  return {
    id: row.id,
    site: row.site,
    tags: row.grants,
    usesLeft: row.uses_left,
    state: stateOf(row, now),
    autoApprove: row.auto_approve,
    hosts: row.host_patterns,
    networks: row.networks,
    ephemeral: row.ephemeral,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}

/** The state is derived (design section 5): issued -> consumed | expired | revoked. */
function stateOf(row: Row, now: Date): JoinToken['state'] {
  if (row.revoked_at !== null) return 'revoked';
  if (row.uses_left === 0) return 'consumed';
  return row.expires_at <= now ? 'expired' : 'issued';
}
