/**
 * Agents' certificates: looking at them and revoking one.
 *
 * Invariant: a revocation, its audit entry, its live event and the move of `trust_state.rev` are one transaction; every
 * gateway ends the certificate's session within two seconds of its COMMIT.
 */
import type { Certificate, trust as endpoints } from '@casare/shared/api';
import type { z } from 'zod';
import { appendAudit } from '../audit/index.ts';
import { appendLive } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Page } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import * as store from './certificate-list.store.ts';
import { Unchanged, type TrustChanges } from './change.ts';
import type { Actor } from './join-tokens.service.ts';

export interface CertificatesOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly changes: TrustChanges;
}

export class Certificates {
  readonly #options: CertificatesOptions;

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  /** Newest first, unless the oldest are asked for. */
  async list(
    tenant: string,
    query: z.output<typeof endpoints.certificates.query>,
  ): Promise<Page<Certificate> | Refusal> {
    const { limit, cursor, sort, ...filter } = query;
    const after = cursor === undefined ? null : readCursor(cursor);
    if (after === undefined) return badCursor();
    const found = await store.list(this.#options.db.of(tenant), tenant, filter, after, {
      ascending: sort === 'createdAt',
      limit: limit + 1,
    });
    const last = found.length > limit ? found[limit - 1] : undefined;
    return {
      items: found.slice(0, limit).map(({ view }) => view),
      nextCursor: last === undefined ? null : `${last.cursor.micros}-${last.cursor.serial}`,
    };
  }

  async get(tenant: string, serial: string): Promise<Certificate | Refusal> {
    return (await store.find(this.#options.db.of(tenant), tenant, serial)) ?? notFound(serial);
  }

  /** Revoking twice is the same as once. */
  revoke(
    { tenant, actor }: Actor,
    serial: string,
    request: z.output<typeof endpoints.revoke.body>,
  ): Promise<Certificate | Refusal> {
    const { changes, clock } = this.#options;
    const { reason } = request;
    return changes.make<Certificate>(request, async (tx) => {
      const at = clock.now();
      const revoked = await store.revoke(tx, tenant, serial, at, reason);
      const certificate = await store.find(tx, tenant, serial);
      if (certificate === null) return notFound(serial);
      if (!revoked) return new Unchanged(certificate);
      const { agentId } = certificate;
      const action = 'certificate.revoked';
      const subject = `certificate:${serial}`;
      await appendAudit(tx, { tenant, actor, action, subject, detail: { agentId, reason } });
      await appendLive(tx, [{ tenant, event: { type: 'trust.changed', at: at.toISOString(), subject, action } }]);
      return certificate;
    });
  }
}

/** `undefined` for a text that is no cursor of ours. */
function readCursor(text: string): store.CertificateCursor | undefined {
  const [, micros, serial] = /^(\d{1,16})-([0-9a-f]{2,40})$/.exec(text) ?? [];
  return micros === undefined || serial === undefined ? undefined : { micros: Number(micros), serial };
}

function notFound(serial: string): Refusal {
  return refuse('not_found', 'CERTIFICATE_NOT_FOUND', `There is no certificate ${serial}.`, {
    fix: 'List certificates to find its serial number.',
  });
}
