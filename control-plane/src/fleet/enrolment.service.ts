/**
 * Enrolment (design section 7): a join token and a proof of possession become an agent with a certificate.
 *
 * Invariants: using the token, the agent, its certificate and the audit events are ONE transaction, and the certificate
 * is answered only after its COMMIT; a retry with the same key gets the same certificate and uses nothing; every reason
 * for which a token is refused looks the same.
 */
import { readRequest, verifyEnrolProof } from '@casare/certs';
import type { EnrolNonce, EnrolReply, EnrolRequest, EnrolRoots } from '@casare/shared/protocol';
import { createHash } from 'node:crypto';
import { appendAudit } from '../audit/index.ts';
import type { LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import { isUniqueViolation, type Database, type Transaction } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { refusalOfState, type AgentLeaf, type OpenCa, type Trust, type VerifiedToken } from '../trust/index.ts';
import type { AddressLimit } from './address-limit.ts';
import * as store from './agent.store.ts';
import { announceAgent } from './announce.ts';
import type { EnrolNonces } from './enrol-nonces.ts';

export interface EnrolmentOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly live: LiveService;
  readonly trust: Pick<Trust, 'authorities' | 'gateway' | 'joinTokens' | 'leaves' | 'locks'>;
  readonly nonces: EnrolNonces;
  readonly limit: AddressLimit;
  /** Why the tenant takes no further agent, in the transaction that would add one; null when it does. */
  readonly mayJoin: (tx: Transaction, tenant: string) => Promise<Refusal | null>;
  /** What an enrolled agent dials. */
  readonly tunnelUrl: () => string;
}

interface Enrolled {
  readonly agentId: string;
  readonly state: EnrolReply['state'];
  readonly leaf: AgentLeaf;
  readonly ephemeral: boolean;
}

/** What was verified of a request. */
interface Proven {
  readonly token: VerifiedToken;
  readonly publicKey: Uint8Array;
  readonly keyDigest: string;
}

export class EnrolmentService {
  readonly #options: EnrolmentOptions;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  nonce(address: string): EnrolNonce | Refusal {
    if (!this.#options.limit.take(address)) return busy('Too many requests came from this address.');
    const { nonce, expiresAt } = this.#options.nonces.create();
    return { nonce, expiresAt: expiresAt.toISOString() };
  }

  /** The roots by which the enrol listener's chain can be verified. */
  roots(address: string): EnrolRoots | Refusal {
    if (!this.#options.limit.take(address)) return busy('Too many requests came from this address.');
    return { roots: [...this.#options.trust.gateway.presented.anchors] };
  }

  /** Enrols. `address` is the client's, for the rate limit and the audit log. */
  async enrol(request: EnrolRequest, address: string): Promise<EnrolReply | Refusal> {
    const { limit, nonces, trust, db } = this.#options;
    if (!limit.take(address)) return busy('Too many requests came from this address.');
    const used = nonces.use(request.nonce);
    if (used === 'full') return busy('Too many agents enrol at this moment.');
    if (used === 'invalid') return refuse('invalid', 'ENROL_NONCE_INVALID', 'The nonce is unknown, used or too old.');
    const csr = readRequest(Buffer.from(request.csr, 'base64'));
    if (!csr.ok) return refuse('invalid', csr.code, 'The certificate request is refused.', { detail: csr.message });
    if (!verifyEnrolProof(csr.value, request.nonce, request.proof)) {
      return refuse('invalid', 'ENROL_PROOF_INVALID', 'The proof was not made by the key of the request.');
    }
    const token = await trust.joinTokens.verify(db, request.token);
    const from = { hostname: request.hostname, address };
    if (!token || !(await trust.joinTokens.allows(token, from))) return this.#denied(address);
    const { publicKey } = csr.value;
    const keyDigest = createHash('sha256').update(publicKey).digest('hex');
    // Before the transaction: a tenant's first agent makes its CA, in a transaction of its own.
    const ca = await trust.authorities.agentCa(token.tenant);
    const enrolled = await this.#commit(request, { token, publicKey, keyDigest }, ca, address);
    if (!enrolled) return this.#denied(address);
    if (isRefusal(enrolled)) return enrolled;
    this.#options.live.wake();
    return {
      agentId: enrolled.agentId,
      tenant: token.tenant,
      state: enrolled.state,
      certificateChain: enrolled.leaf.chainPem,
      serverRoots: (await trust.authorities.serverAnchors()).join(''),
      tunnelUrl: this.#options.tunnelUrl(),
      ephemeral: enrolled.ephemeral,
    };
  }

  async #commit(
    request: EnrolRequest,
    proven: Proven,
    ca: OpenCa,
    address: string,
  ): Promise<Enrolled | Refusal | null> {
    const redeem = () => this.#options.db.transaction((tx) => this.#redeem(tx, request, proven, ca, address));
    try {
      return await redeem();
    } catch (error) {
      // The same key enrolled at the same moment: its agent is there now, and this is a retry.
      if (isUniqueViolation(error, 'agent_key')) return redeem();
      throw error;
    }
  }

  async #redeem(
    tx: Transaction,
    request: EnrolRequest,
    proven: Proven,
    ca: OpenCa,
    address: string,
  ): Promise<Enrolled | Refusal | null> {
    // A locked tenant or CA looks like a token that is not accepted.
    if (await this.#options.trust.locks.isLocked(tx, { tenant: proven.token.tenant, caId: ca.id })) return null;
    const known = await store.findByKey(tx, proven.keyDigest);
    if (known) return this.#again(tx, known, proven);
    // Who holds a good token may know; before it is used, so that a refusal uses nothing.
    const refused = await this.#options.mayJoin(tx, proven.token.tenant);
    if (refused) return refused;
    const use = await this.#options.trust.joinTokens.use(tx, proven.token);
    if (!use) {
      // The last use may just have gone to this very key, in a transaction that this one waited for.
      const meanwhile = await store.findByKey(tx, proven.keyDigest);
      return meanwhile && this.#again(tx, meanwhile, proven);
    }
    const { tenant, tokenId, site, grants, ephemeral } = use;
    const agentId = this.#options.ids.next();
    const { name, hostname, declared } = request;
    const state = use.autoApprove ? 'active' : 'pending';
    const { keyDigest, publicKey } = proven;
    const labels = { site, grants, declared, ephemeral };
    await store.insertAgent(tx, { tenant, id: agentId, name, state, ...labels, tokenId, keyDigest });
    await appendAudit(tx, {
      tenant,
      actor: `joinToken:${tokenId}`,
      action: 'agent.enrolled',
      subject: `agent:${agentId}`,
      detail: { name, hostname, address, site, grants, state, ephemeral },
    });
    const leaf = await this.#options.trust.leaves.issue(tx, ca, { tenant, agentId, publicKey });
    await announceAgent(tx, { tenant, agentId, name, state, connected: false }, this.#options.clock.now());
    return { agentId, state, leaf, ephemeral };
  }

  /** A retry: the same token and the same key get the same certificate. */
  async #again(
    tx: Transaction,
    known: NonNullable<Awaited<ReturnType<typeof store.findByKey>>>,
    { token }: Proven,
  ): Promise<Enrolled | null> {
    const same = known.tenant === token.tenant && known.tokenId === token.id;
    if (!same || refusalOfState(known.state) !== null) return null;
    if (await this.#options.trust.locks.isLocked(tx, { tenant: known.tenant, agentId: known.id })) return null;
    const leaf = await this.#options.trust.leaves.current(tx, known.tenant, known.id, this.#options.clock.now());
    const state = known.state === 'pending' ? 'pending' : 'active';
    return leaf && { agentId: known.id, state, leaf, ephemeral: known.ephemeral };
  }

  #denied(address: string): Refusal {
    this.#options.log.warn('an enrolment was denied', { address });
    return refuse('denied', 'ENROL_DENIED', 'The join token is not accepted.', { fix: 'Make a new join token.' });
  }
}

function busy(title: string): Refusal {
  return refuse('busy', 'ENROL_BUSY', title, { fix: 'Try again in a minute.', retryAfterSeconds: 60 });
}
