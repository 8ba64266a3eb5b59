/** Taking an account away, with everything that somebody could come in by as it. */
import { sql, type Transaction } from '../platform/database/index.ts';

// Who is signing in as it, or making a key for it, comes before this or finds no account.
const holdAccountSql = sql<never, [tenant: string, id: string]>(
  'holdAccountToRemove',
  `SELECT FROM account WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
);

// Keys of the first start stay for ever, since `admin.json` may hold one and the next start would make it anew: revoked, and
// another account's. References are looked at when the statement ends.
const removeAccountSql = sql<Removed, [tenant: string, id: string, heir: string, now: Date]>(
  'removeAccount',
  `WITH kept AS (UPDATE api_key SET account_id = $3, revoked_at = coalesce(revoked_at, $4)
       WHERE tenant_id = $1 AND account_id = $2 AND created_by = 'system' RETURNING 1),
     keys AS (DELETE FROM api_key WHERE tenant_id = $1 AND account_id = $2 AND created_by <> 'system' RETURNING 1),
     sessions AS (DELETE FROM session WHERE tenant_id = $1 AND account_id = $2 RETURNING 1),
     links AS (DELETE FROM sign_in_code WHERE tenant_id = $1 AND account_id = $2),
     invitations AS (DELETE FROM invitation WHERE tenant_id = $1 AND account_id = $2),
     factors AS (DELETE FROM second_factor WHERE tenant_id = $1 AND account_id = $2),
     recovery AS (DELETE FROM recovery_code WHERE tenant_id = $1 AND account_id = $2),
     identities AS (DELETE FROM account_identity WHERE tenant_id = $1 AND account_id = $2),
     gone AS (DELETE FROM account WHERE tenant_id = $1 AND id = $2)
   SELECT (SELECT count(*) FROM kept)::int + (SELECT count(*) FROM keys)::int AS keys,
     (SELECT count(*) FROM sessions)::int AS sessions`,
);

/** How many API keys and sessions went with it. */
export interface Removed {
  readonly keys: number;
  readonly sessions: number;
}

/** `heir`: the account that keeps what must not be forgotten. */
export async function removeAccount(
  tx: Transaction,
  { tenant, id, heir }: { readonly tenant: string; readonly id: string; readonly heir: string },
  now: Date,
): Promise<Removed> {
  await tx.query(holdAccountSql(tenant, id));
  return (await tx.query(removeAccountSql(tenant, id, heir, now)))[0]!;
}
