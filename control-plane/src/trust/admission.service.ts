/**
 * Admission at the tunnel's upgrade: OpenSSL has verified the path, this says who it is and whether it may come in.
 * It is asked for every connection, since a reloaded trust store drops nobody and a resumed session skips the client
 * certificate altogether.
 */
import { certificatesInPem, readCertificate, readIdentity, type IdentityCode, type PeerIdentity } from '@casare/certs';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../platform/clock.ts';
import { gather, type Database } from '../platform/database/index.ts';
import type { Adoptions } from './adoptions.ts';
import { refusalOf, type AdmissionCode } from './admission.decision.ts';
import { findOnRecord, type OnRecord } from './certificate.store.ts';
import type { Presenter, Renewals } from './renewals.ts';

/** An admitted agent: the only source of tenant and agent for everything it does. */
export interface AdmittedPeer {
  readonly tenant: string;
  readonly agentId: string;
  /** Of its certificate, lower-case hex. */
  readonly serial: string;
  readonly issuedAt: Date;
  readonly notAfter: Date;
  /** The CA that signed it. */
  readonly caId: string;
  /** Every CA that the session stands on: that one, the gateway's, and their roots. */
  readonly standsOn: readonly string[];
  /** Key identifier of the server CA whose chain the peer was shown, hex. */
  readonly serverCaKeyId: string | null;
}

/** A refusal. `who` is set when the certificate is one that we issued: then it may be told why. */
export interface AdmissionRefusal {
  readonly ok: false;
  readonly code: AdmissionCode | IdentityCode | 'NOT_AUTHORISED' | 'SESSION_RESUMED';
  readonly why: string;
  readonly who: Presenter | null;
}

/** Codes that the holder of a certificate on record may be told. */
const RECOGNISED: readonly string[] = [
  'CA_NOT_ACTIVE',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_SUPERSEDED',
  'CERTIFICATE_EXPIRED',
  'AGENT_LOCKED',
  'TENANT_LOCKED',
  'CERTIFICATE_LOCKED',
  'CA_LOCKED',
  'TENANT_SUSPENDED',
  'TENANT_DELETED',
  'AGENT_DECOMMISSIONED',
];

/** What of a TLS connection is looked at. */
export type PeerSocket = Pick<
  TLSSocket,
  'authorized' | 'authorizationError' | 'isSessionReused' | 'getPeerX509Certificate' | 'getX509Certificate'
>;

/** Who comes at the same time is asked for in one statement. */
const TOGETHER = { most: 100, runs: 2, apartMs: 20 };
/** A pending certificate may be used, or replaced, while it is judged: then it is judged again. */
const TRIES = 3;

export interface AdmissionOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly trustDomain: string;
  /** The CA whose chain this gateway presents now. */
  readonly gatewayCa: () => string | null;
  readonly renewals: Pick<Renewals, 'use'>;
  readonly adoptions: Pick<Adoptions, 'adopt'>;
}

export class Admission {
  readonly #clock: Clock;
  readonly #trustDomain: string;
  #shown: { readonly certificate: Uint8Array; readonly caKeyId: string | null } | null = null;
  readonly #find: (presented: PeerIdentity) => Promise<OnRecord | null>;
  readonly #renewals: Pick<Renewals, 'use'>;
  readonly #adoptions: Pick<Adoptions, 'adopt'>;

  constructor({ db, clock, trustDomain, gatewayCa, renewals, adoptions }: AdmissionOptions) {
    this.#clock = clock;
    this.#trustDomain = trustDomain;
    this.#find = gather({ run: (asked) => findOnRecord(db, asked, gatewayCa()), ...TOGETHER });
    this.#renewals = renewals;
    this.#adoptions = adoptions;
  }

  /** Judges the peer of `socket`. Rejects only when the database cannot be asked: nobody is admitted then. */
  async admit(socket: PeerSocket): Promise<{ readonly ok: true; readonly peer: AdmittedPeer } | AdmissionRefusal> {
    if (!socket.authorized) {
      return refused(
        'NOT_AUTHORISED',
        `TLS did not verify the client certificate (${String(socket.authorizationError)})`,
      );
    }
    if (socket.isSessionReused()) return refused('SESSION_RESUMED', 'the TLS session was resumed');
    // Not `getPeerCertificate`: it reads the whole chain into objects.
    const der = socket.getPeerX509Certificate()?.raw;
    const identity = readIdentity(der ?? new Uint8Array(), this.#trustDomain);
    if (!identity.ok) return refused(identity.code, identity.message);
    for (let turn = 0; turn < TRIES; turn++) {
      const judged = await this.#judge(identity.value, der);
      if (judged !== 'again')
        return judged.ok ? { ok: true, peer: { ...judged.peer, serverCaKeyId: this.#shownTo(socket) } } : judged;
    }
    return refused('CERTIFICATE_UNKNOWN', `certificate ${identity.value.serial} changes again and again`);
  }

  /** `again` when the certificate's state moved while it was looked at. */
  async #judge(
    presented: PeerIdentity,
    der: Uint8Array | undefined,
  ): Promise<{ readonly ok: true; readonly peer: Omit<AdmittedPeer, 'serverCaKeyId'> } | AdmissionRefusal | 'again'> {
    const { tenant, agentId, serial, notAfter } = presented;
    const found = await this.#find(presented);
    const kept = found?.certificate ?? null;
    const certificate = kept && { ...kept, same: isSame(kept.pem, der) };
    const code = refusalOf(presented, found && { ...found, certificate }, this.#clock.now());
    if (code === null && found !== null && certificate !== null) {
      if (certificate.state === 'pending' && !(await this.#renewals.use({ tenant, agentId, serial }))) return 'again';
      const { caId, standsOn } = found;
      const { issuedAt } = certificate;
      return { ok: true, peer: { tenant, agentId, serial, issuedAt, notAfter, caId, standsOn } };
    }
    // Verified by one of our CAs and on no record: a restore from backup may have forgotten it.
    if (code === 'CERTIFICATE_UNKNOWN' && kept === null && found !== null && der !== undefined) {
      if (await this.#adoptions.adopt(presented, der, found)) return 'again';
    }
    const refusal = code ?? 'CERTIFICATE_UNKNOWN';
    const known = RECOGNISED.includes(refusal) && certificate?.same === true;
    const who = known ? { tenant, agentId, serial } : null;
    return { ok: false, code: refusal, why: `certificate ${serial} of agent ${agentId}`, who };
  }

  /** Which server CA stands behind what the peer was shown, by the connection's own certificate: nearly always the last one. */
  #shownTo(socket: PeerSocket): string | null {
    const own = socket.getX509Certificate()?.raw;
    if (own === undefined) return null;
    if (this.#shown === null || Buffer.compare(this.#shown.certificate, own) !== 0) {
      const contents = readCertificate(own);
      this.#shown = { certificate: own, caKeyId: contents.ok ? contents.value.issuerKeyId : null };
    }
    return this.#shown.caKeyId;
  }
}

function refused(code: AdmissionRefusal['code'], why: string): AdmissionRefusal {
  return { ok: false, code, why, who: null };
}

function isSame(pem: string, der: Uint8Array | undefined): boolean {
  const kept = certificatesInPem(pem)[0];
  return kept !== undefined && der !== undefined && Buffer.compare(kept, der) === 0;
}
