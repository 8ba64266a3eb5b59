/** The agent CAs of a tenant as a whole: shown while it lives, retired with it. */
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

const agentCa = sql<{ keyId: string; notAfter: Date }, [tenant: string]>(
  'agentCaOfTenant',
  `SELECT key_id AS "keyId", not_after AS "notAfter" FROM certificate_authority
   WHERE kind = 'agent_ca' AND tenant_id = $1 AND state = 'active'`,
  { idempotent: true },
);

// The key is forgotten too: every signer closes what has none (`closeOffline`).
const retireAll = sql<never, [tenant: string]>(
  'retireAgentCas',
  `UPDATE certificate_authority SET state = 'retired', sealed_key = NULL WHERE kind = 'agent_ca' AND tenant_id = $1`,
);

const endRotations = sql<never, [tenant: string, now: Date]>(
  'endRotationsOfTenant',
  `UPDATE ca_rotation SET ended_at = $2, outcome = 'rolled_back', phase = 'standby' WHERE tenant_id = $1 AND ended_at IS NULL`,
);

/** The CA that signs the tenant's agents now; null before there is one. */
export async function findAgentCa(db: Queryable, tenant: string): Promise<{ keyId: string; notAfter: Date } | null> {
  return (await db.query(agentCa(tenant)))[0] ?? null;
}

/** Retires all CAs of the tenant and forgets their keys; how many. A change of trust. */
export async function retireAgentCas(tx: Transaction, tenant: string, now: Date): Promise<number> {
  await tx.execute(endRotations(tenant, now));
  return tx.execute(retireAll(tenant));
}
