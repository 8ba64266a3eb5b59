/**
 * Renewal: the holder of a working certificate gets the next one, for a new key (design section 7).
 *
 * Invariants: the next certificate is `pending` until its first use, which makes it current and the one before it
 * superseded in one transaction, so that a crash between issue and first use leaves both working; the generation moves
 * by compare-and-swap with the row; nothing is answered before COMMIT; asking again for the same key gives the same
 * certificate. A superseded certificate is one whose key somebody else may hold.
 */
import { certificatesInPem, readCertificate, readRequest } from '@casare/certs';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { AgentLeaves } from './agent-leaves.ts';
import type { Authorities, OpenCa } from './authorities.ts';
import { verdictOf, type RenewalCode } from './renewal.decision.ts';
import * as store from './renewal.store.ts';

/** Whose certificate a request stands on. */
export interface Presenter {
  readonly tenant: string;
  readonly agentId: string;
  readonly serial: string;
}

export type Renewed =
  | { readonly outcome: 'issued'; readonly chainPem: string; readonly generation: number }
  | { readonly outcome: 'refused'; readonly code: string; readonly reason: string; readonly retryMs: number }
  /** The certificate that the request stands on was superseded: its key has a second holder. */
  | { readonly outcome: 'second_holder' };

export interface RenewalsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly authorities: Pick<Authorities, 'agentCa'>;
  readonly leaves: Pick<AgentLeaves, 'issue'>;
  /** Life of a certificate, seconds. */
  readonly leafSeconds: number;
}

const SOON_MS = 60_000;
const LATE_MS = 3_600_000;
/** Why a request gets nothing, and when another one may. */
const REFUSALS: Readonly<Record<RenewalCode, readonly [reason: string, retryMs: number]>> = {
  AGENT_LOCKED: ['The agent is locked.', LATE_MS],
  AGENT_DECOMMISSIONED: ['The agent was decommissioned.', LATE_MS],
  KEY_REUSED: ['The request is for the key of the certificate it stands on: make a new key.', SOON_MS],
  RENEWAL_QUOTA: ['The agent was given too many certificates.', LATE_MS],
};
/** Faults that are an answer here: the signer is away or busy, or a rotation came between. */
const PASSING: ReadonlySet<string> = new Set([
  'SIGNER_REFUSED',
  'SIGNER_DOWN',
  'CA_CHANGED',
  'CA_KEY_UNUSABLE',
  'LOCKED',
]);

export class Renewals {
  readonly #options: RenewalsOptions;

  constructor(options: RenewalsOptions) {
    this.#options = options;
  }

  /** `csr` is PKCS#10, DER. Rejects when the database cannot be asked. */
  async renew(presenter: Presenter, csr: Uint8Array): Promise<Renewed> {
    const request = readRequest(csr);
    if (!request.ok) return refused(request.code, request.message, LATE_MS);
    const { db, authorities } = this.#options;
    try {
      const ca = await authorities.agentCa(presenter.tenant);
      return await db.transaction((tx) => this.#decide(tx, presenter, request.value.publicKey, ca));
    } catch (error) {
      if (error instanceof Fault && PASSING.has(error.code)) return refused(error.code, error.message, SOON_MS);
      throw error;
    }
  }

  async #decide(tx: Transaction, by: Presenter, publicKey: Uint8Array, ca: OpenCa): Promise<Renewed> {
    const { clock, leafSeconds } = this.#options;
    const { tenant, agentId } = by;
    const now = clock.now();
    const agent = await store.hold(tx, tenant, agentId);
    if (agent === null) return refusal('AGENT_DECOMMISSIONED');
    const found = await store.listWorking(tx, tenant, agentId);
    const working = found.map((row) => ({ ...row, sameKey: isFor(row.certificatePem, publicKey) }));
    const since = new Date(now.getTime() - leafSeconds * 1_000);
    const issuedLately = await store.countIssued(tx, tenant, agentId, since);
    const verdict = verdictOf({ presented: by.serial, agentState: agent.state, working, issuedLately }, now);
    switch (verdict.do) {
      case 'refuse':
        return refusal(verdict.code);
      case 'lock':
        return { outcome: 'second_holder' };
      case 'repeat': {
        const { certificatePem, caPem, generation } = working.find(({ serial }) => serial === verdict.serial)!;
        return { outcome: 'issued', chainPem: `${certificatePem}${caPem}`, generation };
      }
      case 'issue':
        return this.#issue(tx, by, { publicKey, ca, from: agent.generation });
    }
  }

  async #issue(
    tx: Transaction,
    { tenant, agentId, serial }: Presenter,
    { publicKey, ca, from }: { readonly publicKey: Uint8Array; readonly ca: OpenCa; readonly from: number },
  ): Promise<Renewed> {
    const generation = await store.moveGeneration(tx, tenant, agentId, from);
    // The row is locked, so this means that somebody changed it behind the lock's back.
    if (generation === null) throw new Error(`the generation of agent ${agentId} moved while it was held`);
    await this.#void(tx, { tenant, agentId }, 'pending', 'replaced before it was used');
    const leaf = await this.#options.leaves.issue(
      tx,
      ca,
      { tenant, agentId, publicKey, presented: serial },
      { state: 'pending', generation },
    );
    return { outcome: 'issued', chainPem: leaf.chainPem, generation };
  }

  /**
   * The first use of a pending certificate: it becomes the current one. False when it is not pending (any more).
   * Nothing that the certificate is good for may happen before this has committed.
   */
  async use({ tenant, agentId, serial }: Presenter): Promise<boolean> {
    return this.#options.db.transaction(async (tx) => {
      if ((await store.hold(tx, tenant, agentId)) === null) return false;
      if (!(await store.isPending(tx, tenant, agentId, serial))) return false;
      await this.#void(tx, { tenant, agentId }, 'current', `followed by ${serial}`);
      await store.use(tx, tenant, agentId, serial);
      return true;
    });
  }

  async #void(
    tx: Transaction,
    { tenant, agentId }: { readonly tenant: string; readonly agentId: string },
    state: 'pending' | 'current',
    why: string,
  ): Promise<void> {
    const serial = await store.makeVoid(tx, tenant, agentId, state);
    if (serial === null) return;
    await appendAudit(tx, {
      tenant,
      actor: `agent:${agentId}`,
      action: 'certificate.superseded',
      subject: `certificate:${serial}`,
      detail: { agentId, why },
    });
  }
}

function refusal(code: RenewalCode): Renewed {
  return refused(code, ...REFUSALS[code]);
}

function refused(code: string, reason: string, retryMs: number): Renewed {
  return { outcome: 'refused', code, reason, retryMs };
}

function isFor(pem: string, publicKey: Uint8Array): boolean {
  const der = certificatesInPem(pem)[0];
  const contents = der === undefined ? null : readCertificate(der);
  return contents?.ok === true && Buffer.compare(contents.value.publicKey, publicKey) === 0;
}
