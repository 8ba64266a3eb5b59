/**
 * Renewal for agents that the tunnel does not take any more: long weekends must not kill a fleet (design section 7).
 *
 * Invariants: the key of a certificate on record stands behind every certificate that is given here, by a signature over
 * a nonce and the request; who has not proven it learns nothing. What follows is the renewal of the tunnel: the same
 * rows, the same generation, one transaction, answered after COMMIT.
 */
import {
  certificatesInPem,
  readCertificate,
  readIdentity,
  verifyRenewProof,
  type VerifiedRequest,
} from '@casare/certs';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { heldLockOn } from './lock.store.ts';
import { verdictOfFollowing, type FollowVerdict } from './renewal-after-expiry.decision.ts';
import { findFollowed } from './renewal-after-expiry.store.ts';
import type { Presenter, Renewals, Renewed } from './renewals.ts';

/** A request whose nonce was used up and whose new key proved itself. */
export interface FollowRequest {
  /** PEM. */
  readonly certificate: string;
  readonly nonce: string;
  /** PKCS#10, DER. */
  readonly csr: Uint8Array;
  readonly request: VerifiedRequest;
  /** The old key's signature, base64. */
  readonly oldProof: string;
}

export type Followed =
  | { readonly outcome: 'denied'; readonly why: string }
  | {
      readonly outcome: 'told';
      readonly code: Extract<FollowVerdict, { do: 'refuse' }>['code'];
      readonly who: Presenter;
    }
  | { readonly outcome: 'renewal'; readonly renewed: Renewed; readonly who: Presenter };

export interface RenewalsAfterExpiryOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly trustDomain: string;
  readonly renewals: Pick<Renewals, 'renew' | 'use'>;
}

export class RenewalsAfterExpiry {
  readonly #options: RenewalsAfterExpiryOptions;

  constructor(options: RenewalsAfterExpiryOptions) {
    this.#options = options;
  }

  /** Rejects when the database cannot be asked. */
  async follow({ certificate, nonce, csr, request, oldProof }: FollowRequest): Promise<Followed> {
    const { db, clock, trustDomain, renewals } = this.#options;
    const der = certificatesInPem(certificate)[0] ?? new Uint8Array();
    const identity = readIdentity(der, trustDomain);
    const contents = readCertificate(der);
    if (!identity.ok || !contents.ok) return { outcome: 'denied', why: identity.ok ? 'MALFORMED' : identity.code };
    const { tenant, agentId, serial, issuerKeyId } = identity.value;
    const proven = verifyRenewProof(contents.value.publicKey, request, nonce, oldProof);
    const found = await findFollowed(db, issuerKeyId, serial);
    const kept = found?.certificate ?? null;
    // What is issued in the end looks at locks again, in its transaction.
    const locked = found !== null && (await heldLockOn(db, { tenant, agentId, serial, caId: found.caId })) !== null;
    const recorded = found && { ...found, certificate: kept && { ...kept, same: isSame(kept.pem, der), locked } };
    const verdict = verdictOfFollowing(identity.value, recorded, proven, clock.now());
    if (verdict.do === 'deny') return { outcome: 'denied', why: `${verdict.why}: ${serial} of agent ${agentId}` };
    const who = { tenant, agentId, serial };
    if (verdict.do === 'refuse') return { outcome: 'told', code: verdict.code, who };
    // The signature was the first use of its key: the one before it is over, and a lost answer can be asked for again.
    if (verdict.firstUse) await renewals.use(who);
    return { outcome: 'renewal', renewed: await renewals.renew(who, csr), who };
  }
}

function isSame(pem: string, der: Uint8Array): boolean {
  const kept = certificatesInPem(pem)[0];
  return kept !== undefined && Buffer.compare(kept, der) === 0;
}
