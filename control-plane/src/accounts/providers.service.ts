/**
 * Providers as owners configure them. What a provider says about itself is read before it is saved, through the one way
 * out, so that a wrong or a forbidden address is told at once. The client's secret is sealed and bound to its row.
 */
import { openKey, sealKey } from '@casare/certs';
import type { Provider, ProviderChange, ProviderRequest } from '@casare/shared/api';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantDatabase } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import type { Caller } from '../platform/http/caller.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import type { Outbound } from '../platform/outbound/outbound.ts';
import { pageOfAll, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import { discover } from './oidc-client.ts';
import { readKeys } from './provider-keys.ts';
import * as store from './provider.store.ts';

/** Of a tenant. */
const PROVIDERS = 20;

export interface ProvidersOptions {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  /** 32 bytes that all replicas share, derived from the master key. */
  readonly sealingKey: () => Promise<Uint8Array>;
  readonly outbound: Outbound;
}

export class ProvidersService {
  readonly #options: ProvidersOptions;

  constructor(options: ProvidersOptions) {
    this.#options = options;
  }

  async list(
    { tenant }: Caller,
    ask: PageAsk & { readonly q?: string | undefined },
  ): Promise<Page<Provider> | Refusal> {
    const text = (ask.q ?? '').toLowerCase();
    const all = (await store.listProviders(this.#options.db.of(tenant), tenant)).map(viewOf);
    const found = all.filter(({ name }) => name.toLowerCase().includes(text));
    return pageOfAll(found, ask, { name: ({ name }) => name, createdAt: ({ createdAt }) => createdAt }) ?? badCursor();
  }

  async get({ tenant }: Caller, id: string): Promise<Provider | Refusal> {
    const row = await store.findProvider(this.#options.db.of(tenant), tenant, id);
    return row === null ? notFound(id) : viewOf(row);
  }

  async create(caller: Caller, request: ProviderRequest): Promise<Provider | Refusal> {
    const { db, clock, outbound } = this.#options;
    const { tenant, actor } = caller;
    if (namesTwice(request.roles)) return groupTwice();
    if ((await store.listProviders(db.of(tenant), tenant)).length >= PROVIDERS) return full();
    const id = crypto.randomUUID();
    const now = clock.now();
    const base = { tenant, id, createdAt: now, changedAt: now };
    let row: store.ProviderRow;
    const unreachable = await entered(
      request.kind === 'oidc' ? discover(outbound, request) : readKeys(outbound, keysUrlOf(request)),
    );
    if (unreachable !== null) return unreachable;
    if (request.kind === 'oidc') {
      const { clientSecret, ...settings } = request;
      row = { ...base, ...settings, keysUrl: null, sealedSecret: await this.#seal(tenant, id, clientSecret) };
    } else {
      const { audience, keysUrl: _, ...settings } = request;
      const keysUrl = keysUrlOf(request);
      row = { ...base, ...settings, clientId: audience, keysUrl, scopes: '', sealedSecret: null };
    }
    return db.of(tenant).transaction(async (tx) => {
      if (!(await store.insertProvider(tx, row))) return exists();
      const detail = { name: row.name, issuer: row.issuer, roles: row.roles };
      await appendAudit(tx, { tenant, actor, action: 'provider.created', subject: `provider:${id}`, detail });
      return viewOf(row);
    });
  }

  async change(caller: Caller, id: string, change: ProviderChange, unchanged?: Unchanged): Promise<Provider | Refusal> {
    const { db, clock } = this.#options;
    const { tenant, actor } = caller;
    if (namesTwice(change.roles ?? [])) return groupTwice();
    const { clientSecret, ...settings } = change;
    const sealed = clientSecret === undefined ? {} : { sealedSecret: await this.#seal(tenant, id, clientSecret) };
    return db.of(tenant).transaction(async (tx) => {
      const before = await store.holdProvider(tx, tenant, id);
      if (before === null) return notFound(id);
      const stale = unchanged?.(viewOf(before));
      if (stale) return stale;
      if (before.kind === 'jwt' && clientSecret !== undefined) return withoutSecret();
      await store.changeProvider(tx, tenant, id, { ...settings, ...sealed }, clock.now());
      const detail = { ...settings, ...(clientSecret === undefined ? {} : { clientSecret: 'changed' }) };
      await appendAudit(tx, { tenant, actor, action: 'provider.changed', subject: `provider:${id}`, detail });
      return viewOf((await store.findProvider(tx, tenant, id))!);
    });
  }

  async remove(caller: Caller, id: string, unchanged?: Unchanged): Promise<void | Refusal> {
    const { tenant, actor } = caller;
    return this.#options.db.of(tenant).transaction(async (tx) => {
      const before = await store.holdProvider(tx, tenant, id);
      if (before === null) return notFound(id);
      const stale = unchanged?.(viewOf(before));
      if (stale) return stale;
      await store.removeProvider(tx, tenant, id);
      await appendAudit(tx, { tenant, actor, action: 'provider.removed', subject: `provider:${id}` });
      return undefined;
    });
  }

  /** @throws Fault PROVIDER_UNREADABLE */
  async secretOf({ tenant, id, sealedSecret }: store.ProviderRow): Promise<string> {
    const opened = openKey(sealedSecret ?? '', await this.#options.sealingKey(), boundTo(tenant, id));
    if (opened.ok) return Buffer.from(opened.value).toString('utf8');
    throw new Fault({
      code: 'PROVIDER_UNREADABLE',
      what: 'The secret of this sign-in provider cannot be read',
      why: 'the master key is another one, or the row was changed',
      fix: 'Restore the master key, or enter the secret again',
      status: 503,
    });
  }

  async #seal(tenant: string, id: string, secret: string): Promise<string> {
    return sealKey(Buffer.from(secret, 'utf8'), await this.#options.sealingKey(), boundTo(tenant, id));
  }
}

function keysUrlOf({ issuer, keysUrl }: { readonly issuer: string; readonly keysUrl?: string | undefined }): string {
  return keysUrl ?? `${issuer}/.well-known/jwks.json`;
}

/** An address that a person entered and that cannot be called is theirs to mend, not a failure of this server. */
async function entered(call: Promise<unknown>): Promise<Refusal | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (!(error instanceof Fault) || !error.code.startsWith('OUTBOUND_')) throw error;
    return refuse('unprocessable', error.code, `${error.what}.`, {
      ...(error.why === undefined ? {} : { detail: `${error.why}.` }),
      fix: error.fix === undefined ? 'See that the address is right and answers.' : `${error.fix}.`,
    });
  }
}

function boundTo(tenant: string, id: string): string {
  return `identity-provider:${tenant}/${id}`;
}

function viewOf(row: store.ProviderRow): Provider {
  const { id, kind, name, issuer, clientId, keysUrl, scopes, groupsClaim, roles, linkByEmail, trustEmail } = row;
  return {
    ...{ id, kind, name, issuer, clientId, keysUrl, scopes, groupsClaim, roles: [...roles], linkByEmail, trustEmail },
    createdAt: row.createdAt.toISOString(),
    changedAt: row.changedAt.toISOString(),
  };
}

function namesTwice(roles: readonly { readonly group: string }[]): boolean {
  return new Set(roles.map(({ group }) => group)).size < roles.length;
}

function groupTwice(): Refusal {
  return refuse('invalid', 'REQUEST_INVALID', 'A group is listed twice.', { fix: 'Give each group one role.' });
}

export function notFound(id: string): Refusal {
  return refuse('not_found', 'PROVIDER_NOT_FOUND', `There is no sign-in provider ${id}.`);
}

function withoutSecret(): Refusal {
  return refuse('unprocessable', 'PROVIDER_WITHOUT_SECRET', 'A provider of tokens has no secret.', {
    fix: 'Leave clientSecret out.',
  });
}

function exists(): Refusal {
  return refuse('conflict', 'PROVIDER_EXISTS', 'This client of this issuer is there already.', {
    fix: 'Change that provider.',
  });
}

function full(): Refusal {
  return refuse('conflict', 'PROVIDERS_FULL', `This tenant has ${PROVIDERS} sign-in providers.`, {
    fix: 'Remove one that is not used any more.',
  });
}
