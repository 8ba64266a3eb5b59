/** Sessions, one-time codes and failed sign-ins. Tokens and codes are stored hashed. */
import type { Role } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import type { Failures } from './lockout.decision.ts';

export interface SessionRow {
  readonly id: string;
  readonly tenant: string;
  readonly accountId: string;
  readonly csrfToken: string;
}

const insertSessionSql = sql<
  never,
  [hash: Buffer, id: string, tenant: string, accountId: string, csrfToken: string, expiresAt: Date]
>(
  'insertSession',
  `INSERT INTO session (token_hash, id, tenant_id, account_id, csrf_token, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
);

const liveSessionSql = sql<SessionRow, [hash: Buffer, now: Date]>(
  'liveSession',
  `SELECT id, tenant_id AS tenant, account_id AS "accountId", csrf_token AS "csrfToken"
   FROM session WHERE token_hash = $1 AND expires_at > $2`,
  { idempotent: true },
);

const sessionsAliveSql = sql<{ id: string; role: Role }, [ids: string[], now: Date]>(
  'sessionsAlive',
  `SELECT s.id, a.role FROM session s JOIN account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
   WHERE s.id = ANY ($1::uuid[]) AND s.expires_at > $2`,
  { idempotent: true },
);

const deleteSessionSql = sql<never, [hash: Buffer]>('deleteSession', `DELETE FROM session WHERE token_hash = $1`, {
  idempotent: true,
});

const forgetSignInsSql = sql<never, []>(
  'forgetSignIns',
  `WITH codes AS (DELETE FROM sign_in_code) DELETE FROM session`,
);

const insertCodeSql = sql<never, [hash: Buffer, tenant: string, accountId: string, expiresAt: Date]>(
  'insertSignInCode',
  `INSERT INTO sign_in_code (code_hash, tenant_id, account_id, expires_at) VALUES ($1, $2, $3, $4)`,
);

// Of two uses at once, one finds `used_at` set.
const useCodeSql = sql<{ tenant: string; accountId: string }, [hash: Buffer, now: Date]>(
  'useSignInCode',
  `UPDATE sign_in_code SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2
   RETURNING tenant_id AS tenant, account_id AS "accountId"`,
);

const ensureFailureSql = sql<never, [subject: string, now: Date]>(
  'ensureLoginFailure',
  `INSERT INTO login_failure (subject, failures, last_at) VALUES ($1, 0, $2) ON CONFLICT (subject) DO NOTHING`,
);

// Tries of one subject wait for each other here: each sees the count of the one before.
const lockFailureSql = sql<Failures, [subject: string]>(
  'lockLoginFailure',
  `SELECT failures, last_at AS "lastAt", locked_until AS "lockedUntil" FROM login_failure WHERE subject = $1 FOR UPDATE`,
);

const saveFailureSql = sql<never, [subject: string, failures: number, lastAt: Date, lockedUntil: Date | null]>(
  'saveLoginFailure',
  `UPDATE login_failure SET failures = $2, last_at = $3, locked_until = $4 WHERE subject = $1`,
);

const clearFailuresSql = sql<never, [subject: string]>(
  'clearLoginFailures',
  `DELETE FROM login_failure WHERE subject = $1`,
);

// A success takes its own try back; failures of others from the same address stay counted.
const forgiveTrySql = sql<never, [subject: string]>(
  'forgiveLoginTry',
  `UPDATE login_failure SET failures = greatest(failures - 1, 0), locked_until = NULL WHERE subject = $1`,
);

const SWEEPS = [
  sql<never, [now: Date]>('sweepSessions', `DELETE FROM session WHERE expires_at < $1`),
  sql<never, [now: Date]>('sweepSignInCodes', `DELETE FROM sign_in_code WHERE expires_at < $1`),
  sql<never, [now: Date]>(
    'sweepLoginFailures',
    `DELETE FROM login_failure
     WHERE last_at < $1::timestamptz - interval '1 day' AND (locked_until IS NULL OR locked_until < $1)`,
  ),
];

export async function insertSession(db: Queryable, hash: Buffer, row: SessionRow, expiresAt: Date): Promise<void> {
  await db.execute(insertSessionSql(hash, row.id, row.tenant, row.accountId, row.csrfToken, expiresAt));
}

export async function liveSession(db: Queryable, hash: Buffer, now: Date): Promise<SessionRow | null> {
  return (await db.query(liveSessionSql(hash, now)))[0] ?? null;
}

/** Those of `ids` that have not ended, and the roles of their accounts. */
export function sessionsAlive(db: Queryable, ids: readonly string[], now: Date): Promise<{ id: string; role: Role }[]> {
  return db.query(sessionsAliveSql([...ids], now));
}

export async function deleteSession(db: Queryable, hash: Buffer): Promise<void> {
  await db.execute(deleteSessionSql(hash));
}

export async function insertSignInCode(
  db: Queryable,
  hash: Buffer,
  owner: { readonly tenant: string; readonly accountId: string },
  expiresAt: Date,
): Promise<void> {
  await db.execute(insertCodeSql(hash, owner.tenant, owner.accountId, expiresAt));
}

/** Uses a code up; null when it is unknown, used or expired. */
export async function useSignInCode(
  db: Queryable,
  hash: Buffer,
  now: Date,
): Promise<{ tenant: string; accountId: string } | null> {
  return (await db.query(useCodeSql(hash, now)))[0] ?? null;
}

/** The subject's failures, locked until the transaction ends. */
export async function lockFailures(tx: Transaction, subject: string, now: Date): Promise<Failures> {
  await tx.execute(ensureFailureSql(subject, now));
  return (await tx.query(lockFailureSql(subject)))[0]!;
}

export async function saveFailures(tx: Transaction, subject: string, next: Failures): Promise<void> {
  await tx.execute(saveFailureSql(subject, next.failures, next.lastAt, next.lockedUntil));
}

export async function clearFailures(db: Queryable, subject: string): Promise<void> {
  await db.execute(clearFailuresSql(subject));
}

export async function forgiveTry(db: Queryable, subject: string): Promise<void> {
  await db.execute(forgiveTrySql(subject));
}

/** Removes what has expired. */
export async function sweepSignIn(db: Queryable, now: Date): Promise<void> {
  for (const sweep of SWEEPS) await db.execute(sweep(now));
}

/** Ends every session and every sign-in link, of all tenants; how many sessions. */
export function forgetSignIns(tx: Queryable): Promise<number> {
  return tx.execute(forgetSignInsSql());
}
