/**
 * Admission at the tunnel's upgrade: OpenSSL has verified the path, this says who it is and whether it may come in.
 * It is asked for every connection, since a reloaded trust store drops nobody and a resumed session skips the client
 * certificate altogether.
 */
import { certificatesInPem, readIdentity, type IdentityCode, type PeerIdentity } from '@casare/certs';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../platform/clock.ts';
import { gather, type Database } from '../platform/database/index.ts';
import { refusalOf, type AdmissionCode } from './admission.decision.ts';
import { findOnRecord, type OnRecord } from './certificate.store.ts';

/** An admitted agent: the only source of tenant and agent for everything it does. */
export interface AdmittedPeer {
  readonly tenant: string;
  readonly agentId: string;
  /** Of its certificate, lower-case hex. */
  readonly serial: string;
  readonly notAfter: Date;
  /** The CA that signed it. */
  readonly caId: string;
  /** Every CA that the session stands on: that one, the gateway's, and their roots. */
  readonly standsOn: readonly string[];
}

/** A refusal. `who` is set when the certificate is one that we issued: then it may be told why. */
export interface AdmissionRefusal {
  readonly ok: false;
  readonly code: AdmissionCode | IdentityCode | 'NOT_AUTHORISED' | 'SESSION_RESUMED';
  readonly why: string;
  readonly who: { readonly tenant: string; readonly agentId: string } | null;
}

/** Codes that the holder of a certificate on record may be told. */
const RECOGNISED: readonly string[] = [
  'CA_NOT_ACTIVE',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_EXPIRED',
  'AGENT_LOCKED',
  'TENANT_LOCKED',
  'CERTIFICATE_LOCKED',
  'CA_LOCKED',
  'AGENT_DECOMMISSIONED',
];

/** What of a TLS connection is looked at. */
export type PeerSocket = Pick<
  TLSSocket,
  'authorized' | 'authorizationError' | 'isSessionReused' | 'getPeerCertificate'
>;

/** Who comes at the same time is asked for in one statement. */
const TOGETHER = { most: 100, runs: 2 };

export class Admission {
  readonly #clock: Clock;
  readonly #trustDomain: string;
  readonly #find: (presented: PeerIdentity) => Promise<OnRecord | null>;

  /** `gatewayCa`: the CA whose chain this gateway presents now. */
  constructor(db: Database, clock: Clock, trustDomain: string, gatewayCa: () => string | null) {
    this.#clock = clock;
    this.#trustDomain = trustDomain;
    this.#find = gather({ run: (asked) => findOnRecord(db, asked, gatewayCa()), ...TOGETHER });
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
    const der = socket.getPeerCertificate(true).raw as Buffer | undefined;
    const identity = readIdentity(der ?? new Uint8Array(), this.#trustDomain);
    if (!identity.ok) return refused(identity.code, identity.message);
    const { tenant, agentId, serial, notAfter } = identity.value;
    const found = await this.#find(identity.value);
    const recorded = found && {
      ...found,
      certificate: found.certificate && { ...found.certificate, same: isSame(found.certificate.pem, der) },
    };
    const code = refusalOf(identity.value, recorded, this.#clock.now());
    if (recorded !== null && code === null) {
      const { caId, standsOn } = recorded;
      return { ok: true, peer: { tenant, agentId, serial, notAfter, caId, standsOn } };
    }
    const refusal = code ?? 'CA_UNKNOWN';
    const known = RECOGNISED.includes(refusal) && recorded?.certificate?.same === true;
    const who = known ? { tenant, agentId } : null;
    return { ok: false, code: refusal, why: `certificate ${serial} of agent ${agentId}`, who };
  }
}

function refused(code: AdmissionRefusal['code'], why: string): AdmissionRefusal {
  return { ok: false, code, why, who: null };
}

function isSame(pem: string, der: Uint8Array | undefined): boolean {
  const kept = certificatesInPem(pem)[0];
  return kept !== undefined && der !== undefined && Buffer.compare(kept, der) === 0;
}
