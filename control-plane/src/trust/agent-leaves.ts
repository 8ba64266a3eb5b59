/**
 * Agents' certificates: signed, recorded and audited in the caller's transaction. The caller hands a certificate out
 * only after COMMIT: no certificate leaves this process without a committed row and an audit event (invariant 5).
 */
import type { Signer } from '@casare/certs';
import { appendAudit } from '../audit/index.ts';
import type { Queryable, Transaction } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { OpenCa } from './authorities.ts';
import { signerFault } from './signer.ts';
import * as store from './certificate.store.ts';
import { heldLockOn } from './lock.store.ts';

/** What an agent is given. */
export interface AgentLeaf {
  /** Lower-case hex. */
  readonly serial: string;
  readonly notAfter: Date;
  /** Leaf first, then the tenant's agent CA, PEM. */
  readonly chainPem: string;
}

/** Whose key is certified. */
export interface LeafRequest {
  readonly tenant: string;
  readonly agentId: string;
  /** SubjectPublicKeyInfo, DER, out of a verified request. */
  readonly publicKey: Uint8Array;
  /** Serial of the certificate that the request stands on: a lock on it, or on its CA, gives no next one. */
  readonly presented?: string;
}

export interface AgentLeavesOptions {
  readonly signer: Signer;
  /** Life of a certificate. */
  readonly lifetimeSeconds: number;
}

const FIRST = { state: 'current', generation: 1 } as const;

export class AgentLeaves {
  readonly #options: AgentLeavesOptions;

  constructor(options: AgentLeavesOptions) {
    this.#options = options;
  }

  /**
   * Signs and records an agent's first certificate, or with `pending` the one that follows: it becomes the current one
   * by its first use. `ca` is the tenant's CA, opened before the transaction began.
   * @throws Fault SIGNER_REFUSED, SIGNER_DOWN, CA_CHANGED, LOCKED
   */
  async issue(
    tx: Transaction,
    ca: OpenCa,
    request: LeafRequest,
    as: { readonly state: 'current' | 'pending'; readonly generation: number } = FIRST,
  ): Promise<AgentLeaf> {
    const { tenant, agentId } = request;
    const { state, generation } = as;
    if (!(await store.holdSigning(tx, ca.id))) throw changed();
    const lock = await heldLockOn(tx, { tenant, agentId, caId: ca.id, serial: request.presented ?? '' });
    if (lock !== null) throw locked(lock);
    const { lifetimeSeconds } = this.#options;
    const signed = await this.#options.signer.signAgentLeaf({
      issuer: ca.id,
      agentId,
      publicKey: Buffer.from(request.publicKey).toString('base64'),
      lifetimeSeconds,
    });
    if (!signed.ok) throw signerFault('The certificate could not be signed', signed);
    const { serial, certificate } = signed.value;
    const notAfter = new Date(signed.value.notAfter);
    const kept = { tenant, serial, agentId, caId: ca.id, certificatePem: certificate, notAfter };
    await store.insertCertificate(tx, { ...kept, state, generation });
    await appendAudit(tx, {
      tenant,
      actor: `agent:${agentId}`,
      action: 'certificate.issued',
      subject: `certificate:${serial}`,
      detail: { agentId, notAfter: notAfter.toISOString(), generation },
    });
    return { serial, notAfter, chainPem: `${certificate}${ca.certificatePem}` };
  }

  /** The certificate an agent has already; null when it has none that is good now. */
  async current(db: Queryable, tenant: string, agentId: string, now: Date): Promise<AgentLeaf | null> {
    const kept = await store.findCurrentCertificate(db, tenant, agentId, now);
    if (!kept) return null;
    return { serial: kept.serial, notAfter: kept.notAfter, chainPem: `${kept.certificatePem}${kept.caPem}` };
  }

  /** Revokes all of an agent's certificates. */
  async revoke(tx: Transaction, tenant: string, agentId: string, actor: string): Promise<void> {
    const count = await store.revokeAgentCertificates(tx, tenant, agentId);
    if (count === 0) return;
    const subject = `agent:${agentId}`;
    await appendAudit(tx, { tenant, actor, action: 'certificate.revoked', subject, detail: { count } });
  }
}

function changed(): Fault {
  return new Fault({
    code: 'CA_CHANGED',
    what: 'The CA that should have signed was replaced at this moment',
    fix: 'Try again',
    status: 503,
  });
}

/** Whoever asks for a certificate looks at locks first and refuses in its own words; this stands behind all of them. */
function locked(kind: string): Fault {
  return new Fault({
    code: 'LOCKED',
    what: 'No certificate is issued',
    why: `a lock holds (${kind})`,
    fix: 'Lift the lock',
    status: 403,
  });
}
