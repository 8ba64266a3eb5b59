/**
 * May the holder of this certificate have a tunnel? Pure; deny by default.
 *
 * Invariant 4: tenant and agent come from the verified certificate alone; the tenant is the issuing CA's, and it must
 * equal the one in the name. The certificate must be, byte for byte, one that was recorded when it was issued: what a
 * stolen CA key signs elsewhere is on no record.
 */
import type { AgentState, CaState, LockKind } from '@casare/shared/api';
import { isAccepted } from './ca.lifecycle.ts';

/** What the certificate says. */
export interface Presented {
  readonly tenant: string;
  readonly agentId: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What is on record about it; see the store. */
export interface Recorded {
  readonly caState: CaState;
  readonly tenant: string;
  readonly certificate: {
    readonly agentId: string;
    readonly state: 'pending' | 'current' | 'superseded' | 'revoked';
    /** It is the very certificate that was presented. */
    readonly same: boolean;
    readonly agentState: AgentState;
  } | null;
  /** A lock that holds on the certificate, its agent, its tenant or a CA that it stands on; or how its tenant stands. */
  readonly lock: Barred | null;
}

/** What keeps agents out, besides what is wrong with themselves. */
export type Barred = LockKind | 'suspension' | 'deletion';

export type LockCode =
  'AGENT_LOCKED' | 'TENANT_LOCKED' | 'CERTIFICATE_LOCKED' | 'CA_LOCKED' | 'TENANT_SUSPENDED' | 'TENANT_DELETED';
const LOCKED: Readonly<Record<Barred, LockCode>> = {
  agent: 'AGENT_LOCKED',
  tenant: 'TENANT_LOCKED',
  serial: 'CERTIFICATE_LOCKED',
  ca: 'CA_LOCKED',
  suspension: 'TENANT_SUSPENDED',
  deletion: 'TENANT_DELETED',
};

export type AdmissionCode =
  | 'CA_UNKNOWN'
  | 'CA_NOT_ACTIVE'
  | 'TENANT_MISMATCH'
  | 'CERTIFICATE_UNKNOWN'
  | 'CERTIFICATE_REVOKED'
  | 'CERTIFICATE_SUPERSEDED'
  | 'CERTIFICATE_EXPIRED'
  | 'AGENT_MISMATCH'
  | LockCode
  | 'AGENT_DECOMMISSIONED';

/** The reason to refuse, or null to admit. */
export function refusalOf(presented: Presented, recorded: Recorded | null, now: Date): AdmissionCode | null {
  if (recorded === null) return 'CA_UNKNOWN';
  const { certificate } = recorded;
  // Before its CAs, which were retired with it: an agent that were told of those would go on asking for another certificate.
  if (recorded.lock === 'deletion') return 'TENANT_DELETED';
  if (!isAccepted(recorded.caState)) {
    // Of a CA that was in wrong hands nothing may be renewed; of one that went out by a plan it may.
    return certificate?.same === true && certificate.state === 'revoked' ? 'CERTIFICATE_REVOKED' : 'CA_NOT_ACTIVE';
  }
  if (recorded.tenant !== presented.tenant) return 'TENANT_MISMATCH';
  if (certificate === null || !certificate.same) return 'CERTIFICATE_UNKNOWN';
  if (certificate.agentId !== presented.agentId) return 'AGENT_MISMATCH';
  // Before all else that is told: whoever is locked is to stop its work.
  if (recorded.lock !== null) return LOCKED[recorded.lock];
  if (certificate.state === 'revoked') return 'CERTIFICATE_REVOKED';
  if (now >= presented.notAfter || now < presented.notBefore) return 'CERTIFICATE_EXPIRED';
  const refusal = refusalOfState(certificate.agentState);
  if (refusal !== null) return refusal;
  // Last: whoever still presents it while it is valid is a second holder.
  return certificate.state === 'superseded' ? 'CERTIFICATE_SUPERSEDED' : null;
}

/** The reason to refuse an agent in this state, or null. Agents that wait for approval may connect; they get no jobs. */
export function refusalOfState(state: AgentState): 'AGENT_LOCKED' | 'AGENT_DECOMMISSIONED' | null {
  if (state === 'locked' || state === 'suspect') return 'AGENT_LOCKED';
  return state === 'decommissioned' ? 'AGENT_DECOMMISSIONED' : null;
}
