/**
 * `certificate.renew` of a live session. It is answered beside the session's other messages, since a signer that is slow
 * must not hold up events; of several requests one is under way and the rest are dropped: the agent asks again.
 */
import { CLOSE } from '@casare/shared/protocol';
import type { Ending, Session, SessionContext } from './session-context.ts';
import type { FromAgent } from './wire.ts';

/** When a request that failed may be tried again, milliseconds. */
const RETRY_MS = 30_000;
const LIMITED_MS = 60_000;

export class CertificateMessages {
  readonly #context: Pick<SessionContext, 'renewals' | 'secondHolders' | 'renewalLimit' | 'log'>;
  readonly #session: Session;
  #busy = false;

  constructor(context: SessionContext, session: Session) {
    this.#context = context;
    this.#session = session;
  }

  /** Answers a request; an ending when the session stands on a certificate that has a second holder. */
  async renew({ csr }: FromAgent<'certificate.renew'>): Promise<Ending | null> {
    if (this.#busy) return null;
    this.#busy = true;
    try {
      return await this.#answer(Buffer.from(csr, 'base64'));
    } catch (error) {
      this.#context.log.warn('a certificate could not be renewed', { ...this.#session.peer, error });
      this.#refuse('RENEWAL_FAILED', 'The control plane cannot renew certificates now.', RETRY_MS);
      return null;
    } finally {
      this.#busy = false;
    }
  }

  async #answer(csr: Uint8Array): Promise<Ending | null> {
    const { peer } = this.#session;
    const { renewals, renewalLimit, secondHolders } = this.#context;
    if (!renewalLimit.take(peer.agentId)) {
      this.#refuse('RENEWAL_RATE_LIMITED', 'The agent asks too often.', LIMITED_MS);
      return null;
    }
    const renewed = await renewals.renew(peer, csr);
    switch (renewed.outcome) {
      case 'issued': {
        const { chainPem: chain, generation } = renewed;
        this.#session.send({ type: 'certificate.issued', chain, generation });
        return null;
      }
      case 'refused':
        this.#refuse(renewed.code, renewed.reason, renewed.retryMs);
        return null;
      case 'second_holder':
        await secondHolders.cloned(peer);
        return { code: CLOSE.locked, reason: 'AGENT_LOCKED' };
    }
  }

  #refuse(code: string, reason: string, retryMs: number): void {
    this.#session.send({ type: 'certificate.refused', code, reason: reason.slice(0, 2_000), retryMs });
  }
}
