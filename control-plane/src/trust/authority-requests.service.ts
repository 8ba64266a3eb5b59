/**
 * CAs below a root whose key is at a safe (design section 7): their keys are made here, the root signs elsewhere, and the
 * certificate that comes back becomes a CA.
 *
 * Invariants: a key never leaves the signer but sealed; a certificate is taken only when it is exactly what our template
 * makes, for the key that waits, signed by a root that we trust; the CA's row, the end of the request, the move of trust and
 * the audit event are ONE transaction. A CA stands by for a rotation; only where there is none yet it becomes active.
 */
import { checkAuthority, readRequest, requestInPem, type Signer } from '@casare/certs';
import type { Authority, authorities as endpoints, AuthorityRequest } from '@casare/shared/api';
import type { z } from 'zod';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import type { Ids } from '../platform/ids.ts';
import { pageOfAll, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import { INSTALLATION } from './authorities.ts';
import * as store from './authority-request.store.ts';
import type { TrustChanges } from './change.ts';
import type { Actor } from './join-tokens.service.ts';
import { findTenant } from './lock.store.ts';
import { signerFault, TRUST_DOMAIN } from './signer.ts';
import { authorityOf } from './trust-status.service.ts';
import { findAuthority } from './trust-status.store.ts';

export interface AuthorityRequestsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly signer: Signer;
  readonly changes: TrustChanges;
}

type NewRequest = z.output<typeof endpoints.request.body>;
type Import = z.output<typeof endpoints.import.body>;

/** Requests that wait at once: a person carries each to a safe. */
const WAITING_LIMIT = 1_000;

export class AuthorityRequests {
  readonly #options: AuthorityRequestsOptions;

  constructor(options: AuthorityRequestsOptions) {
    this.#options = options;
  }

  /** Makes the key and the request. @throws Fault SIGNER_DOWN */
  async request(by: Actor, wanted: NewRequest): Promise<AuthorityRequest | Refusal> {
    const { db, clock, ids, signer, changes } = this.#options;
    const refused = await this.#operatorOnly(by);
    if (refused) return refused;
    const tenant = wanted.kind === 'agent_ca' ? (wanted.tenant ?? by.tenant) : null;
    if (tenant !== null && (await findTenant(db, tenant)) === null) return noTenant(tenant);
    const id = ids.next();
    const made = await signer.requestAuthority({ id });
    if (!made.ok) throw signerFault('The key of the CA could not be made', made);
    const { csr: csrPem, sealedKey } = made.value;
    const row = { id, kind: wanted.kind, tenant, csrPem, createdBy: by.actor, createdAt: clock.now() };
    return changes.make(wanted, async (tx) => {
      if ((await store.countWaiting(tx)) >= WAITING_LIMIT) return full();
      await store.insertRequest(tx, row, sealedKey);
      await record(tx, by, 'ca.requested', row.tenant, id, { kind: row.kind });
      return viewOf(row);
    });
  }

  /** Newest first, unless the oldest are asked for. */
  async list(by: Actor, ask: PageAsk): Promise<Page<AuthorityRequest> | Refusal> {
    const refused = await this.#operatorOnly(by);
    if (refused) return refused;
    const rows = await store.listRequests(this.#options.db, WAITING_LIMIT);
    const views = rows.map((row) => viewOf(row));
    return pageOfAll(views, ask, { createdAt: ({ createdAt }) => createdAt }) ?? badCursor();
  }

  /** Takes what the root signed. */
  async import(by: Actor, id: string, { certificatePem, ...how }: Import): Promise<Authority | Refusal> {
    const { clock, changes } = this.#options;
    const refused = await this.#operatorOnly(by);
    if (refused) return refused;
    return changes.make(how, async (tx) => {
      const waiting = await store.take(tx, id);
      if (waiting === null) return notFound(id);
      const { kind, tenant, sealedKey } = waiting;
      const request = readRequest(requestInPem(waiting.csrPem));
      if (!request.ok) return certificateRefused(request.message);
      const roots = await store.listSigningRoots(tx, kind === 'server_ca' ? 'server_root' : 'agent_root');
      const { publicKey } = request.value;
      const expected = { kind, tenant, publicKey, roots, trustDomain: TRUST_DOMAIN, now: clock.now() };
      const checked = checkAuthority(certificatePem, expected);
      if (!checked.ok) return certificateRefused(checked.message);
      const { certificate, keyId, notAfter, issuer } = checked.value;
      const ca = { id, kind, tenant, keyId, sealedKey, notAfter, issuerId: issuer, certificatePem: certificate };
      const state = await store.insertImported(tx, ca);
      await record(tx, by, 'ca.imported', tenant, id, { kind, keyId, state, issuer, notAfter: notAfter.toISOString() });
      return authorityOf((await findAuthority(tx, id, clock.now()))!);
    });
  }

  async #operatorOnly(by: Actor): Promise<Refusal | null> {
    // Before the first start there is no tenant: a person on the server itself acts for the installation.
    if (by.tenant === INSTALLATION) return null;
    return (await findTenant(this.#options.db, by.tenant))?.operator === true ? null : operatorOnly();
  }
}

function record(
  tx: Transaction,
  { actor }: Actor,
  action: string,
  tenant: string | null,
  id: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  return appendAudit(tx, { tenant: tenant ?? INSTALLATION, actor, action, subject: `ca:${id}`, detail });
}

function viewOf({ createdAt, id, kind, tenant, csrPem }: store.RequestRow): AuthorityRequest {
  return { id, kind, tenant, csrPem, createdAt: createdAt.toISOString() };
}

function operatorOnly(): Refusal {
  return refuse('denied', 'OPERATOR_ONLY', 'This belongs to the installation, not to your tenant.', {
    fix: 'Ask whoever runs this installation.',
  });
}

function noTenant(tenant: string): Refusal {
  return refuse('not_found', 'TENANT_NOT_FOUND', `There is no tenant ${JSON.stringify(tenant)}.`);
}

function full(): Refusal {
  return refuse('conflict', 'AUTHORITY_REQUESTS_FULL', `${WAITING_LIMIT} requests wait for a signature already.`, {
    fix: 'Import what was signed.',
  });
}

function notFound(id: string): Refusal {
  return refuse('not_found', 'AUTHORITY_REQUEST_NOT_FOUND', `No request ${id} waits for a signature.`, {
    fix: 'It may have been imported: see the status of trust. Otherwise make a new one.',
  });
}

function certificateRefused(why: string): Refusal {
  return refuse('unprocessable', 'AUTHORITY_CERTIFICATE_REFUSED', 'The certificate is not taken.', {
    detail: `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
    fix: 'Sign the request again with `casare-certs root sign`, by a root of this installation.',
  });
}
