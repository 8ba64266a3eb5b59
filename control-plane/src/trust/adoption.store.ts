/** What decides whether a certificate that is on no record is adopted after a restore. */
import type { AgentState, CertificateState } from '@casare/shared/api';
import { sql, type Transaction } from '../platform/database/index.ts';

/** An agent, locked, with its newest certificate on record. */
export interface AdoptionRecord {
  readonly restoredAt: Date | null;
  readonly agentState: AgentState;
  readonly generation: number;
  readonly state: CertificateState | null;
  readonly pem: string | null;
}

// The agent's row is locked as by every renewal: of two adoptions the second sees what the first did.
const adoptionRecord = sql<AdoptionRecord, [tenant: string, agent: string]>(
  'adoptionRecord',
  `SELECT s.restored_at AS "restoredAt", a.state AS "agentState", a.generation, c.state, c.certificate_pem AS pem
   FROM store s CROSS JOIN agent a
   LEFT JOIN LATERAL (
     SELECT state, certificate_pem FROM agent_certificate c
     WHERE c.tenant_id = a.tenant_id AND c.agent_id = a.id ORDER BY c.generation DESC, c.created_at DESC LIMIT 1
   ) c ON true
   WHERE a.tenant_id = $1 AND a.id = $2 FOR UPDATE OF a`,
);

const restored = sql<{ restored: boolean }, []>(
  'wasRestored',
  `SELECT restored_at IS NOT NULL AS restored FROM store`,
  { idempotent: true },
);

/** Null when there is no such agent. */
export async function holdForAdoption(
  tx: Transaction,
  tenant: string,
  agentId: string,
): Promise<AdoptionRecord | null> {
  return (await tx.query(adoptionRecord(tenant, agentId)))[0] ?? null;
}

/** True when the record was ever restored: else nothing is adopted, and no agent's row is locked for it. */
export async function wasRestored(tx: Transaction): Promise<boolean> {
  return (await tx.query(restored()))[0]!.restored;
}
