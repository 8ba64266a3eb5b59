/**
 * Puts certificates on record again that a restore from backup has forgotten (ADR 0021): a fleet renews twice a day, so most
 * of it would be locked out by a backup of yesterday.
 *
 * Invariant: a certificate is adopted by one transaction that makes it the agent's current one, voids those on record before
 * it, moves the generation on and audits it. Whoever presents one of those after that is a second holder, as ever.
 */
import { certificatesInPem, readCertificate, type PeerIdentity } from '@casare/certs';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { mayAdopt } from './adoption.decision.ts';
import { holdForAdoption, wasRestored } from './adoption.store.ts';
import { isAccepted } from './ca.lifecycle.ts';
import { insertCertificate, type OnRecord } from './certificate.store.ts';
import * as renewals from './renewal.store.ts';

export interface AdoptionsOptions {
  readonly db: Database;
  readonly clock: Clock;
  /** Life of a certificate, seconds. */
  readonly leafSeconds: number;
}

export class Adoptions {
  readonly #options: AdoptionsOptions;

  constructor(options: AdoptionsOptions) {
    this.#options = options;
  }

  /** A verified peer's certificate is on no record: true when it is now. `found`: its CA, and no such certificate. */
  adopt(presented: PeerIdentity, der: Uint8Array, found: OnRecord): Promise<boolean> {
    const { db, clock, leafSeconds } = this.#options;
    const { tenant, agentId, serial, notBefore, notAfter } = presented;
    return db.transaction(async (tx) => {
      if (!(await wasRestored(tx))) return false;
      const record = await holdForAdoption(tx, tenant, agentId);
      const newest = record && newestOf(record.state, record.pem);
      const facts = {
        restoredAt: record?.restoredAt?.getTime() ?? null,
        signerFits: found.tenant === tenant && isAccepted(found.caState) && found.lock === null,
        ...{ agentState: record?.agentState ?? null, newest, lifeMs: leafSeconds * 1_000 },
      };
      const times = { notBefore: notBefore.getTime(), notAfter: notAfter.getTime() };
      if (record === null || !mayAdopt(times, facts, clock.now().getTime())) return false;
      const generation = await renewals.moveGeneration(tx, tenant, agentId, record.generation);
      if (generation === null) return false;
      for (const state of ['pending', 'current'] as const) await renewals.makeVoid(tx, tenant, agentId, state);
      const certificatePem = pemOf(der);
      const row = { tenant, serial, agentId, caId: found.caId, certificatePem, notAfter, generation };
      await insertCertificate(tx, { ...row, state: 'current' });
      await appendAudit(tx, {
        ...{ tenant, actor: 'system', action: 'certificate.adopted', subject: `certificate:${serial}` },
        detail: { agentId, generation, notAfter: notAfter.toISOString() },
      });
      return true;
    });
  }
}

function newestOf(
  state: OnRecordState | null,
  pem: string | null,
): { readonly state: OnRecordState; readonly notBefore: number } | null {
  const der = pem === null ? undefined : certificatesInPem(pem)[0];
  const contents = der === undefined ? null : readCertificate(der);
  if (state === null || contents?.ok !== true) return null;
  return { state, notBefore: contents.value.notBefore.getTime() };
}

type OnRecordState = NonNullable<OnRecord['certificate']>['state'];

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
