/** What a restore from backup takes back of trust: a token on record may have been used up since the backup. */
import { sql, type Transaction } from '../platform/database/index.ts';
import { move } from './trust-state.store.ts';

const revokeOpenTokens = sql<never, []>(
  'restoreRevokeTokens',
  `UPDATE join_token SET revoked_at = clock_timestamp()
   WHERE revoked_at IS NULL AND uses_left > 0 AND expires_at > clock_timestamp()`,
);

/** Revokes every join token that could be used, of all tenants; how many. Gateways hear of it as of any change of trust. */
export async function distrustRestored(tx: Transaction): Promise<number> {
  await move(tx, null);
  return tx.execute(revokeOpenTokens());
}
