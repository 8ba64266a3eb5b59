/** One-time codes and failed sign-ins. Codes are stored hashed. */
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import type { Failures } from './lockout.decision.ts';

/** Whom a code signs in, the key that made it, and the provider that vouched for whoever did. */
export interface UsedCode {
  readonly tenant: string;
  readonly accountId: string;
  readonly apiKeyId: string | null;
  readonly providerId: string | null;
}

const forgetSignInsSql = sql<never, []>(
  'forgetSignIns',
  `WITH codes AS (DELETE FROM sign_in_code), invitations AS (DELETE FROM invitation) DELETE FROM session`,
);

const insertCodeSql = sql<
  never,
  [hash: Buffer, tenant: string, accountId: string, apiKeyId: string | null, expiresAt: Date, providerId: string | null]
>(
  'insertSignInCode',
  `INSERT INTO sign_in_code (code_hash, tenant_id, account_id, api_key_id, expires_at, provider_id)
   VALUES ($1, $2, $3, $4, $5, $6)`,
);

// Of two uses at once, one finds `used_at` set.
const useCodeSql = sql<UsedCode, [hash: Buffer, now: Date]>(
  'useSignInCode',
  `UPDATE sign_in_code SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2
   RETURNING tenant_id AS tenant, account_id AS "accountId", api_key_id AS "apiKeyId", provider_id AS "providerId"`,
);

// Tries of one subject wait for each other here: each sees the count of the one before. Made and locked by one statement: between
// two, a sign-in that succeeds would take the row away.
const lockFailureSql = sql<Failures, [subject: string, now: Date]>(
  'lockLoginFailure',
  `INSERT INTO login_failure AS f (subject, failures, last_at) VALUES ($1, 0, $2)
   ON CONFLICT (subject) DO UPDATE SET failures = f.failures
   RETURNING failures, last_at AS "lastAt", locked_until AS "lockedUntil"`,
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
  sql<never, [now: Date]>('sweepInvitations', `DELETE FROM invitation WHERE expires_at < $1`),
  sql<never, [now: Date]>('sweepSignInCodes', `DELETE FROM sign_in_code WHERE expires_at < $1`),
  sql<never, [now: Date]>(
    'sweepLoginFailures',
    `DELETE FROM login_failure
     WHERE last_at < $1::timestamptz - interval '1 day' AND (locked_until IS NULL OR locked_until < $1)`,
  ),
];

/** Fails (`isForeignKeyViolation`) when the account or the provider was removed meanwhile. */
export async function insertSignInCode(db: Queryable, hash: Buffer, owner: UsedCode, expiresAt: Date): Promise<void> {
  await db.execute(insertCodeSql(hash, owner.tenant, owner.accountId, owner.apiKeyId, expiresAt, owner.providerId));
}

/** Uses a code up; null when it is unknown, used or expired. */
export async function useSignInCode(db: Queryable, hash: Buffer, now: Date): Promise<UsedCode | null> {
  return (await db.query(useCodeSql(hash, now)))[0] ?? null;
}

/** The subject's failures, locked until the transaction ends. */
export async function lockFailures(tx: Transaction, subject: string, now: Date): Promise<Failures> {
  return (await tx.query(lockFailureSql(subject, now)))[0]!;
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

/** Ends every session, sign-in link and invitation, of all tenants; how many sessions. */
export function forgetSignIns(tx: Queryable): Promise<number> {
  return tx.execute(forgetSignInsSql());
}
