/** Agents' certificates: every one ever issued has a row, committed before the certificate is handed out. */
import type { AgentState, CaState, CertificateState } from '@casare/shared/api';
import type { Barred } from './admission.decision.ts';
import { sql, type Queryable } from '../platform/database/index.ts';

/** A certificate to be kept. */
export interface NewCertificate {
  readonly tenant: string;
  readonly serial: string;
  readonly agentId: string;
  readonly caId: string;
  readonly certificatePem: string;
  readonly notAfter: Date;
  /** Current at once: the first one of an agent. Pending: until it is used. */
  readonly state: 'current' | 'pending';
  readonly generation: number;
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
  /** The issuing CA. */
  readonly caId: string;
  /** Every CA that a session with it stands on: the issuing one, the gateway's, and their roots. */
  readonly standsOn: readonly string[];
  /** What kind of lock holds on any of these, the tenant, the agent or the certificate. */
  readonly lock: Barred | null;
  /** Of the issuing CA. */
  readonly tenant: string;
  /** Null when that CA's tenant has no such serial. */
  readonly certificate: {
    readonly agentId: string;
    readonly state: CertificateState;
    readonly pem: string;
    readonly issuedAt: Date;
    readonly agentState: AgentState;
  } | null;
}

interface OnRecordRow {
  /** Which of those asked for, from 1. */
  readonly place: number;
  readonly ca_state: CaState;
  readonly ca_id: string;
  readonly stands_on: string[];
  readonly lock: Barred | null;
  readonly tenant: string;
  readonly agent_id: string | null;
  readonly state: CertificateState;
  readonly pem: string;
  readonly created_at: Date;
  readonly agent_state: AgentState;
}

const addCertificate = sql<
  never,
  [
    tenant: string,
    serial: string,
    agent: string,
    ca: string,
    pem: string,
    notAfter: Date,
    state: 'current' | 'pending',
    generation: number,
  ]
>(
  'addCertificate',
  `INSERT INTO agent_certificate (tenant_id, serial, agent_id, ca_id, certificate_pem, not_after, state, generation)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);

// A rotation that stops this CA waits for the certificate, or this statement sees that it has been stopped: a gate that
// counted the CA's certificates has counted all of them.
const holdSigningCa = sql<{ id: string }, [ca: string]>(
  'holdSigningCa',
  `SELECT id FROM certificate_authority WHERE id = $1 AND state = 'active' FOR SHARE`,
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

// One statement, so that CA, certificate, agent and locks are judged as they were at one moment; it is asked for all who
// come at the same time.
const onRecord = sql<OnRecordRow, [caKeyIds: string[], serials: string[], gatewayCa: string | null]>(
  'certificatesOnRecord',
  `SELECT w.place::int, ca.state AS ca_state, ca.id AS ca_id, ca.tenant_id AS tenant, c.agent_id, c.state,
     c.certificate_pem AS pem, c.created_at, a.state AS agent_state, chain.ids AS stands_on, coalesce((
       SELECT l.kind FROM trust_lock l WHERE l.lifted_at IS NULL AND (
         (l.kind = 'ca' AND l.target = ANY(chain.ids))
         OR (l.kind = 'tenant' AND l.target = ca.tenant_id)
         OR (l.kind = 'agent' AND l.target = a.id::text AND l.tenant_id = ca.tenant_id)
         OR (l.kind = 'serial' AND l.target = w.serial AND l.tenant_id = ca.tenant_id))
       LIMIT 1), CASE t.state WHEN 'suspended' THEN 'suspension' WHEN 'deleting' THEN 'deletion' END) AS lock
   FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(key_id, serial, place)
   JOIN certificate_authority ca ON ca.key_id = w.key_id AND ca.kind = 'agent_ca'
   JOIN tenant t ON t.id = ca.tenant_id
   CROSS JOIN LATERAL (
     SELECT array_agg(id::text) AS ids FROM (
       SELECT unnest(ARRAY[x.id, x.issuer_id]) AS id FROM certificate_authority x WHERE x.id IN (ca.id, $3::uuid)
     ) chained WHERE id IS NOT NULL
   ) chain
   LEFT JOIN agent_certificate c ON c.tenant_id = ca.tenant_id AND c.serial = w.serial AND c.ca_id = ca.id
   LEFT JOIN agent a ON a.tenant_id = c.tenant_id AND a.id = c.agent_id`,
  { idempotent: true },
);

export async function insertCertificate(tx: Queryable, row: NewCertificate): Promise<void> {
  const { tenant, serial, agentId, caId, certificatePem, notAfter, state, generation } = row;
  await tx.execute(addCertificate(tenant, serial, agentId, caId, certificatePem, notAfter, state, generation));
}

/** True while the CA signs; it goes on to until the transaction ends. */
export async function holdSigning(tx: Queryable, caId: string): Promise<boolean> {
  return (await tx.query(holdSigningCa(caId))).length === 1;
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

/**
 * What is known of certificates, each by its serial number and the key id of the CA that signed it, in their order; null
 * for a CA that is none of ours. `gatewayCa`: the CA whose chain the gateway presents.
 */
export async function findOnRecord(
  db: Queryable,
  asked: readonly { readonly issuerKeyId: string; readonly serial: string }[],
  gatewayCa: string | null,
): Promise<(OnRecord | null)[]> {
  const issuers = asked.map(({ issuerKeyId }) => issuerKeyId);
  const serials = asked.map(({ serial }) => serial);
  const rows = await db.query(onRecord(issuers, serials, gatewayCa));
  const byPlace = new Map(rows.map((row) => [row.place, onRecordOf(row)]));
  return asked.map((_, index) => byPlace.get(index + 1) ?? null);
}

function onRecordOf(row: OnRecordRow): OnRecord {
  const {
    ca_state: caState,
    ca_id: caId,
    stands_on: standsOn,
    lock,
    tenant,
    agent_id: agentId,
    state,
    pem,
    created_at: issuedAt,
    agent_state: agentState,
  } = row;
  return {
    caState,
    caId,
    standsOn,
    lock,
    tenant,
    certificate: agentId === null ? null : { agentId, state, pem, issuedAt, agentState },
  };
}
