/** Second factors: sealed secrets, and recovery codes as hashes. */
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** Whose. */
export interface Holder {
  readonly tenant: string;
  readonly accountId: string;
}

export interface FactorRow {
  readonly sealedSecret: string;
  readonly confirmed: boolean;
  readonly codesLeft: number;
}

const factorSql = sql<FactorRow, [tenant: string, accountId: string]>(
  'secondFactor',
  `SELECT sealed_secret AS "sealedSecret", confirmed_at IS NOT NULL AS confirmed,
     (SELECT count(*)::int FROM recovery_code r
      WHERE r.tenant_id = $1 AND r.account_id = $2 AND r.used_at IS NULL) AS "codesLeft"
   FROM second_factor WHERE tenant_id = $1 AND account_id = $2`,
  { idempotent: true },
);

// A confirmed one stays.
const beginSql = sql<never, [tenant: string, accountId: string, sealed: string, now: Date]>(
  'beginSecondFactor',
  `INSERT INTO second_factor (tenant_id, account_id, sealed_secret, created_at) VALUES ($1, $2, $3, $4)
   ON CONFLICT (tenant_id, account_id) DO UPDATE SET sealed_secret = $3, created_at = $4, last_step = 0
   WHERE second_factor.confirmed_at IS NULL`,
);

// Of two uses of one code at once, the second finds the step taken.
const takeStepSql = sql<never, [tenant: string, accountId: string, step: number, confirm: Date | null]>(
  'takeSecondFactorStep',
  `UPDATE second_factor SET last_step = $3, confirmed_at = coalesce(confirmed_at, $4)
   WHERE tenant_id = $1 AND account_id = $2 AND last_step < $3 AND (confirmed_at IS NULL) = ($4::timestamptz IS NOT NULL)`,
);

const takeCodeSql = sql<never, [tenant: string, accountId: string, hash: Buffer, now: Date]>(
  'takeRecoveryCode',
  `UPDATE recovery_code SET used_at = $4
   WHERE tenant_id = $1 AND account_id = $2 AND code_hash = $3 AND used_at IS NULL`,
);

const dropCodesSql = sql<never, [tenant: string, accountId: string]>(
  'dropRecoveryCodes',
  `DELETE FROM recovery_code WHERE tenant_id = $1 AND account_id = $2`,
);

const putCodesSql = sql<never, [tenant: string, accountId: string, hashes: Buffer[]]>(
  'putRecoveryCodes',
  `INSERT INTO recovery_code (tenant_id, account_id, code_hash) SELECT $1, $2, hash FROM unnest($3::bytea[]) hash`,
);

const dropFactorSql = sql<never, [tenant: string, accountId: string]>(
  'dropSecondFactor',
  `DELETE FROM second_factor WHERE tenant_id = $1 AND account_id = $2`,
);

export async function findFactor(db: Queryable, { tenant, accountId }: Holder): Promise<FactorRow | null> {
  return (await db.query(factorSql(tenant, accountId)))[0] ?? null;
}

/** False when there is one already. */
export async function beginFactor(db: Queryable, of: Holder, sealed: string, now: Date): Promise<boolean> {
  return (await db.execute(beginSql(of.tenant, of.accountId, sealed, now))) > 0;
}

/** Takes a step's code; false when it, or a later one, was taken before. `confirm`: turns the factor on by it. */
export async function takeStep(db: Queryable, of: Holder, step: number, confirm: Date | null): Promise<boolean> {
  return (await db.execute(takeStepSql(of.tenant, of.accountId, step, confirm))) > 0;
}

/** False when it is unknown or was used. */
export async function takeRecoveryCode(db: Queryable, of: Holder, hash: Buffer, now: Date): Promise<boolean> {
  return (await db.execute(takeCodeSql(of.tenant, of.accountId, hash, now))) > 0;
}

/** In the place of all before. */
export async function replaceRecoveryCodes(tx: Transaction, of: Holder, hashes: Buffer[]): Promise<void> {
  await tx.execute(dropCodesSql(of.tenant, of.accountId));
  await tx.execute(putCodesSql(of.tenant, of.accountId, hashes));
}

/** False when there was none. */
export async function dropFactor(tx: Transaction, of: Holder): Promise<boolean> {
  await tx.execute(dropCodesSql(of.tenant, of.accountId));
  return (await tx.execute(dropFactorSql(of.tenant, of.accountId))) > 0;
}
