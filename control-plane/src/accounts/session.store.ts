/** Sessions. Tokens are stored hashed; a session can be named by its id. */
import type { Role } from '@casare/shared/api';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** A session to be kept. */
export interface NewSessionRow {
  readonly id: string;
  readonly tenant: string;
  readonly accountId: string;
  readonly csrfToken: string;
  readonly address: string;
  readonly userAgent: string;
  /** The key that made the link it was opened by; it ends with that key. */
  readonly apiKeyId: string | null;
  /** The provider by which it was opened; it ends with that. */
  readonly providerId: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** An open session and whose it is. */
export interface LiveSession {
  readonly id: string;
  readonly tenant: string;
  readonly accountId: string;
  readonly email: string;
  readonly role: Role;
  readonly platform: boolean;
  /** Its tenant is. */
  readonly suspended: boolean;
  /** Where its account's role holds. */
  readonly sites: string[] | null;
  readonly providerId: string | null;
  readonly csrfToken: string;
  readonly touchDue: boolean;
}

/** A session as people see it. */
export interface SessionRow {
  readonly seq: string;
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly role: Role;
  readonly platform: boolean;
  readonly sites: string[] | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date;
  readonly address: string;
  readonly userAgent: string;
}

const FROM = `FROM session s JOIN account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
   JOIN tenant t ON t.id = s.tenant_id`;
// `$2` is now.
const OPEN = `s.expires_at > $2 AND a.disabled_at IS NULL AND t.state <> 'deleting' AND (s.api_key_id IS NULL OR EXISTS (
     SELECT FROM api_key k WHERE k.id = s.api_key_id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)))`;
// At most one write a minute and session.
const TOUCH_DUE = `(s.last_used_at IS NULL OR s.last_used_at < $2::timestamptz - interval '1 minute')`;

const insertSessionSql = sql<
  never,
  [
    hash: Buffer,
    id: string,
    tenant: string,
    accountId: string,
    csrfToken: string,
    address: string,
    userAgent: string,
    apiKeyId: string | null,
    createdAt: Date,
    expiresAt: Date,
    providerId: string | null,
  ]
>(
  'insertSession',
  `INSERT INTO session (token_hash, id, tenant_id, account_id, csrf_token, address, user_agent, api_key_id, created_at,
     last_used_at, expires_at, provider_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11)`,
);

const endOldestSql = sql<never, [tenant: string, accountId: string, kept: number]>(
  'endOldestSessions',
  `DELETE FROM session WHERE id IN (
     SELECT id FROM session WHERE tenant_id = $1 AND account_id = $2 ORDER BY seq DESC OFFSET $3)`,
);

const liveSessionSql = sql<LiveSession, [hash: Buffer, now: Date]>(
  'liveSession',
  `SELECT s.id, s.tenant_id AS tenant, s.account_id AS "accountId", a.email, a.role, a.platform, a.sites,
     t.state = 'suspended' AS suspended, s.provider_id AS "providerId", s.csrf_token AS "csrfToken", ${TOUCH_DUE} AS "touchDue"
   ${FROM} WHERE s.token_hash = $1 AND ${OPEN}`,
  { idempotent: true },
);

const sessionProviderSql = sql<{ providerId: string | null }, [hash: Buffer]>(
  'sessionProvider',
  `SELECT provider_id AS "providerId" FROM session WHERE token_hash = $1`,
  { idempotent: true },
);

const touchSessionSql = sql<never, [id: string, now: Date]>(
  'touchSession',
  `UPDATE session s SET last_used_at = $2 WHERE s.id = $1 AND ${TOUCH_DUE}`,
);

/** A session that has not ended, and what its account may do. */
type AliveSession = Pick<LiveSession, 'id' | 'role' | 'platform' | 'suspended' | 'sites'>;

const sessionsAliveSql = sql<AliveSession, [ids: string[], now: Date]>(
  'sessionsAlive',
  `SELECT s.id, a.role, a.platform, a.sites, t.state = 'suspended' AS suspended ${FROM} WHERE s.id = ANY ($1::uuid[]) AND ${OPEN}`,
  { idempotent: true },
);

const SESSION = `s.seq::text AS seq, s.id, s.account_id AS "accountId", a.email, a.role, a.platform, a.sites, s.created_at AS "createdAt",
     s.last_used_at AS "lastUsedAt", s.expires_at AS "expiresAt", s.address, s.user_agent AS "userAgent"`;

const sessionPageSql = listSql<
  SessionRow,
  [tenant: string, now: Date, accountId: string | null, beyond: string | null, limit: number]
>(
  'sessionPage',
  ({ order, beyond }) => `SELECT ${SESSION} ${FROM}
   WHERE s.tenant_id = $1 AND ${OPEN} AND ($3::uuid IS NULL OR s.account_id = $3) AND ($4::bigint IS NULL OR s.seq ${beyond} $4)
   ORDER BY s.seq ${order} LIMIT $5`,
);

const sessionByIdSql = sql<SessionRow, [tenant: string, now: Date, id: string]>(
  'sessionById',
  `SELECT ${SESSION} ${FROM} WHERE s.tenant_id = $1 AND s.id = $3 AND ${OPEN}`,
  { idempotent: true },
);

const endSessionSql = sql<never, [tenant: string, id: string]>(
  'endSession',
  `DELETE FROM session WHERE tenant_id = $1 AND id = $2`,
);

const endSessionsOfSql = sql<never, [tenant: string, accountId: string, except: string | null]>(
  'endSessionsOf',
  `WITH codes AS (DELETE FROM sign_in_code WHERE tenant_id = $1 AND account_id = $2)
   DELETE FROM session WHERE tenant_id = $1 AND account_id = $2 AND ($3::uuid IS NULL OR id <> $3)`,
);

const deleteSessionSql = sql<{ id: string; tenant: string; accountId: string }, [hash: Buffer]>(
  'deleteSession',
  `DELETE FROM session WHERE token_hash = $1 RETURNING id, tenant_id AS tenant, account_id AS "accountId"`,
);

const sweepSessionsSql = sql<never, [now: Date]>('sweepSessions', `DELETE FROM session WHERE expires_at < $1`);

/**
 * Opens it; of the account's sessions only the newest `limit` stay. Fails (`isForeignKeyViolation`) when its provider was
 * removed meanwhile.
 */
export async function insertSession(tx: Transaction, hash: Buffer, row: NewSessionRow, limit: number): Promise<void> {
  const { id, tenant, accountId, csrfToken, address, userAgent, apiKeyId, createdAt, expiresAt, providerId } = row;
  const from = [address, userAgent, apiKeyId] as const;
  // Its provider is locked by this, and the older sessions after it: so does who removes the provider, with its sessions.
  await tx.execute(insertSessionSql(hash, id, tenant, accountId, csrfToken, ...from, createdAt, expiresAt, providerId));
  await tx.execute(endOldestSql(tenant, accountId, limit));
}

export async function liveSession(db: Queryable, hash: Buffer, now: Date): Promise<LiveSession | null> {
  return (await db.query(liveSessionSql(hash, now)))[0] ?? null;
}

/** What it was opened by; null when that was no provider. */
export async function sessionProvider(db: Queryable, hash: Buffer): Promise<string | null> {
  return (await db.query(sessionProviderSql(hash)))[0]?.providerId ?? null;
}

export async function touchSession(db: Queryable, id: string, now: Date): Promise<void> {
  await db.execute(touchSessionSql(id, now));
}

/** Those of `ids` that have not ended, and the roles of their accounts. */
export function sessionsAlive(db: Queryable, ids: readonly string[], now: Date): Promise<AliveSession[]> {
  return db.query(sessionsAliveSql([...ids], now));
}

/** By age, beyond one; `accountId` null: of everybody. */
export function listSessions(
  db: Queryable,
  tenant: string,
  page: {
    readonly accountId: string | null;
    readonly beyond: string | null;
    readonly ascending: boolean;
    readonly limit: number;
  },
  now: Date,
): Promise<SessionRow[]> {
  return db.query(sessionPageSql(page.ascending)(tenant, now, page.accountId, page.beyond, page.limit));
}

export async function sessionById(db: Queryable, tenant: string, id: string, now: Date): Promise<SessionRow | null> {
  return (await db.query(sessionByIdSql(tenant, now, id)))[0] ?? null;
}

/** False when it had ended before. */
export async function endSession(db: Queryable, tenant: string, id: string): Promise<boolean> {
  return (await db.execute(endSessionSql(tenant, id))) > 0;
}

/** Ends the account's sessions but `except`, and its sign-in links; how many sessions. */
export function endSessionsOf(
  db: Queryable,
  tenant: string,
  accountId: string,
  except: string | null,
): Promise<number> {
  return db.execute(endSessionsOfSql(tenant, accountId, except));
}

/** Whose it was; null when there is none any more. */
export async function deleteSession(
  tx: Queryable,
  hash: Buffer,
): Promise<{ readonly id: string; readonly tenant: string; readonly accountId: string } | null> {
  return (await tx.query(deleteSessionSql(hash)))[0] ?? null;
}

export async function sweepSessions(db: Queryable, now: Date): Promise<void> {
  await db.execute(sweepSessionsSql(now));
}
