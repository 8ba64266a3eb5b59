/** What is on record about a certificate that is to be followed over the enrol listener. */
import type { AgentState, CaState, CertificateState } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** All that decides about it; see the decision. */
export interface FollowedRow {
  readonly caId: string;
  readonly caState: CaState;
  readonly tenant: string;
  readonly graceDays: number;
  readonly certificate: {
    readonly agentId: string;
    readonly state: CertificateState;
    readonly pem: string;
    readonly agentState: AgentState;
  } | null;
}

interface Row {
  readonly ca_id: string;
  readonly ca_state: CaState;
  readonly tenant: string;
  readonly grace_days: number;
  readonly agent_id: string | null;
  readonly state: CertificateState;
  readonly pem: string;
  readonly agent_state: AgentState;
}

// One statement, so that CA, certificate and agent are judged as they were at one moment.
const followedOnRecord = sql<Row, [caKeyId: string, serial: string]>(
  'followedOnRecord',
  `SELECT ca.id AS ca_id, ca.state AS ca_state, ca.tenant_id AS tenant, t.renew_after_expiry_days AS grace_days,
     c.agent_id, c.state, c.certificate_pem AS pem, a.state AS agent_state
   FROM certificate_authority ca
   JOIN tenant t ON t.id = ca.tenant_id
   LEFT JOIN agent_certificate c ON c.tenant_id = ca.tenant_id AND c.serial = $2 AND c.ca_id = ca.id
   LEFT JOIN agent a ON a.tenant_id = c.tenant_id AND a.id = c.agent_id
   WHERE ca.key_id = $1 AND ca.kind = 'agent_ca'`,
  { idempotent: true },
);

/** What is known of the certificate `serial` that the CA with `caKeyId` signed; null for a CA that is none of ours. */
export async function findFollowed(db: Queryable, caKeyId: string, serial: string): Promise<FollowedRow | null> {
  const [row] = await db.query(followedOnRecord(caKeyId, serial));
  if (!row) return null;
  const { ca_id: caId, ca_state: caState, tenant, grace_days: graceDays, agent_id: agentId, state, pem } = row;
  const certificate = agentId === null ? null : { agentId, state, pem, agentState: row.agent_state };
  return { caId, caState, tenant, graceDays, certificate };
}
