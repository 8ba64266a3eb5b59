/**
 * `POST /enrol/renew`: the next certificate for an agent that the tunnel does not take any more.
 *
 * Invariants: everything that is not a good certificate of ours gets one answer; a superseded certificate has a second
 * holder and locks its agent; a retry with the same new key gets the same certificate.
 */
import { readRequest, verifyEnrolProof } from '@casare/certs';
import type { RenewReply, RenewRequest } from '@casare/shared/protocol';
import type { Log } from '../platform/log.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import type { Followed, Presenter, Trust } from '../trust/index.ts';
import type { AddressLimit } from './address-limit.ts';
import type { EnrolNonces } from './enrol-nonces.ts';

export interface EnrolRenewalOptions {
  readonly log: Log;
  readonly trust: Pick<Trust, 'authorities' | 'renewalsAfterExpiry'>;
  /** Those of enrolment. */
  readonly nonces: EnrolNonces;
  readonly limit: AddressLimit;
  readonly tunnelUrl: () => string;
  /** A superseded certificate was used: locks its agent. */
  readonly onCloned: (who: Presenter) => Promise<void>;
}

export class EnrolRenewalService {
  readonly #options: EnrolRenewalOptions;

  constructor(options: EnrolRenewalOptions) {
    this.#options = options;
  }

  /** `address` is the client's, for the rate limit and the log. */
  async renew(request: RenewRequest, address: string): Promise<RenewReply | Refusal> {
    const { limit, nonces, trust } = this.#options;
    if (!limit.take(address)) return busy('ENROL_BUSY', 'Too many requests came from this address.', 60_000);
    const used = nonces.use(request.nonce);
    if (used === 'full') return busy('ENROL_BUSY', 'Too many agents enrol at this moment.', 60_000);
    if (used === 'invalid') return refuse('invalid', 'ENROL_NONCE_INVALID', 'The nonce is unknown, used or too old.');
    const { certificate, nonce, oldProof } = request;
    const csr = Buffer.from(request.csr, 'base64');
    const read = readRequest(csr);
    if (!read.ok) return refuse('invalid', read.code, 'The certificate request is refused.', { detail: read.message });
    if (!verifyEnrolProof(read.value, nonce, request.proof)) {
      return refuse('invalid', 'ENROL_PROOF_INVALID', 'The proof was not made by the key of the request.');
    }
    const given = await trust.renewalsAfterExpiry.follow({ certificate, nonce, csr, request: read.value, oldProof });
    return this.#answer(given, address);
  }

  async #answer(given: Followed, address: string): Promise<RenewReply | Refusal> {
    const { log, trust, tunnelUrl, onCloned } = this.#options;
    if (given.outcome === 'denied') {
      log.warn('a renewal over the enrol listener was denied', { address, why: given.why });
      return denied();
    }
    const { who } = given;
    if (given.outcome === 'told') {
      log.warn('a renewal over the enrol listener was refused', { address, why: given.code, ...who });
      return TOLD[given.code];
    }
    const { renewed } = given;
    if (renewed.outcome === 'issued') {
      log.info('an agent came back over the enrol listener', { address, ...who });
      const serverRoots = (await trust.authorities.serverAnchors()).join('');
      return { certificateChain: renewed.chainPem, serverRoots, tunnelUrl: tunnelUrl() };
    }
    if (renewed.outcome === 'second_holder') {
      await onCloned(who);
      return TOLD.AGENT_LOCKED;
    }
    if (renewed.code === 'AGENT_LOCKED') return TOLD.AGENT_LOCKED;
    if (renewed.code === 'AGENT_DECOMMISSIONED') return denied();
    if (renewed.code === 'KEY_REUSED') return refuse('invalid', renewed.code, renewed.reason);
    return busy(renewed.code, renewed.reason, renewed.retryMs);
  }
}

const TOLD = {
  AGENT_LOCKED: refuse('denied', 'AGENT_LOCKED', 'This agent is locked.', {
    fix: 'Ask who is responsible for security.',
  }),
  RENEW_TOO_LATE: refuse('denied', 'RENEW_TOO_LATE', 'The certificate expired too long ago to be renewed.', {
    fix: 'Enrol this agent again.',
  }),
  RENEW_NOT_DUE: refuse('conflict', 'RENEW_NOT_DUE', 'The certificate is still good: the tunnel takes it.', {
    fix: 'Connect with it.',
  }),
} as const;

function denied(): Refusal {
  return refuse('denied', 'RENEW_DENIED', 'The certificate is not one that can be renewed.', {
    fix: 'Enrol this agent again.',
  });
}

function busy(code: string, title: string, retryMs: number): Refusal {
  return refuse('busy', code, title, { fix: 'Try again later.', retryAfterSeconds: Math.ceil(retryMs / 1_000) });
}
