/** Agents' certificates: every one ever issued has a row, committed before the certificate is handed out. */
import type { AgentState, CaState, CertificateState } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** A certificate to be kept. */
export interface NewCertificate {
  readonly tenant: string;
  readonly serial: string;
  readonly agentId: string;
  readonly caId: string;
  readonly certificatePem: string;
  readonly notAfter: Date;
}

/** A certificate together with the CA that signed it. */
export interface KeptCertificate {
  readonly serial: string;
  readonly certificatePem: string;
  readonly caPem: string;
  readonly notAfter: Date;
}

/** All that admission needs to know about who presents a certificate. */
export interface OnRecord {
  readonly caState: CaState;
  /** Of the issuing CA. */
  readonly tenant: string;
  /** Null when that CA's tenant has no such serial. */
  readonly certificate: {
    readonly agentId: string;
    readonly state: CertificateState;
    readonly pem: string;
    readonly notAfter: Date;
    readonly agentState: AgentState;
  } | null;
}

interface OnRecordRow {
  readonly ca_state: CaState;
  readonly tenant: string;
  readonly agent_id: string | null;
  readonly state: CertificateState;
  readonly pem: string;
  readonly not_after: Date;
  readonly agent_state: AgentState;
}

const addCertificate = sql<
  never,
  [tenant: string, serial: string, agent: string, ca: string, pem: string, notAfter: Date]
>(
  'addCertificate',
  `INSERT INTO agent_certificate (tenant_id, serial, agent_id, ca_id, state, certificate_pem, not_after)
   VALUES ($1, $2, $3, $4, 'current', $5, $6)`,
);

const currentCertificate = sql<KeptCertificate, [tenant: string, agent: string, now: Date]>(
  'currentCertificate',
  `SELECT c.serial, c.certificate_pem AS "certificatePem", ca.certificate_pem AS "caPem", c.not_after AS "notAfter"
   FROM agent_certificate c JOIN certificate_authority ca ON ca.id = c.ca_id
   WHERE c.tenant_id = $1 AND c.agent_id = $2 AND c.state = 'current' AND c.not_after > $3
   ORDER BY c.created_at DESC LIMIT 1`,
  { idempotent: true },
);

const revokeCertificates = sql<never, [tenant: string, agent: string]>(
  'revokeCertificates',
  `UPDATE agent_certificate SET state = 'revoked' WHERE tenant_id = $1 AND agent_id = $2 AND state <> 'revoked'`,
);

// One statement, so that CA, certificate and agent are judged as they were at one moment.
const onRecord = sql<OnRecordRow, [caKeyId: string, serial: string]>(
  'certificateOnRecord',
  `SELECT ca.state AS ca_state, ca.tenant_id AS tenant, c.agent_id, c.state, c.certificate_pem AS pem, c.not_after,
     a.state AS agent_state
   FROM certificate_authority ca
   LEFT JOIN agent_certificate c ON c.tenant_id = ca.tenant_id AND c.serial = $2 AND c.ca_id = ca.id
   LEFT JOIN agent a ON a.tenant_id = c.tenant_id AND a.id = c.agent_id
   WHERE ca.key_id = $1 AND ca.kind = 'agent_ca'`,
  { idempotent: true },
);

export async function insertCertificate(tx: Queryable, row: NewCertificate): Promise<void> {
  await tx.execute(addCertificate(row.tenant, row.serial, row.agentId, row.caId, row.certificatePem, row.notAfter));
}

/** The agent's certificate that is good now, the newest of several. */
export async function findCurrentCertificate(
  db: Queryable,
  tenant: string,
  agentId: string,
  now: Date,
): Promise<KeptCertificate | null> {
  return (await db.query(currentCertificate(tenant, agentId, now)))[0] ?? null;
}

/** Revokes every certificate of an agent; how many. */
export function revokeAgentCertificates(tx: Queryable, tenant: string, agentId: string): Promise<number> {
  return tx.execute(revokeCertificates(tenant, agentId));
}

/** What is known of the certificate `serial` that the CA with `caKeyId` signed; null for a CA that is none of ours. */
export async function findOnRecord(db: Queryable, caKeyId: string, serial: string): Promise<OnRecord | null> {
  const [row] = await db.query(onRecord(caKeyId, serial));
  if (!row) return null;
  const {
    ca_state: caState,
    tenant,
    agent_id: agentId,
    state,
    pem,
    not_after: notAfter,
    agent_state: agentState,
  } = row;
  return { caState, tenant, certificate: agentId === null ? null : { agentId, state, pem, notAfter, agentState } };
}
