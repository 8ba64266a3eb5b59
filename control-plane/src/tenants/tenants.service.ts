/**
 * Tenants as operators of the platform look after them, and as their own people see them.
 *
 * Invariants: what is done to a tenant is in its own audit log and in the installation's, in the transaction that does it;
 * suspending and resuming are changes of trust, so every gateway acts on them within two seconds; the operator's tenant is
 * neither suspended nor deleted.
 */
import type {
  NewTenant,
  Quotas,
  Retention,
  Tenant,
  TenantRequest,
  TenantState,
  TenantSummary,
} from '@casare/shared/api';
import type { PeopleService } from '../accounts/index.ts';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Connection, Database, Queryable, Transaction } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import type { Log } from '../platform/log.ts';
import { pageBy, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { findAgentCa, INSTALLATION, takenBack, takeBack, TRUST_DOMAIN, type Trust } from '../trust/index.ts';
import * as quotas from './quota.store.ts';
import * as store from './tenant.store.ts';
import type { TenantEvent } from './tenant.lifecycle.ts';

/** Who asks. */
export type By = Pick<Caller, 'tenant' | 'actor'>;

export interface TenantsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly people: Pick<PeopleService, 'inviteOwner'>;
  readonly trust: Pick<Trust, 'authorities' | 'changes'>;
  /** After the COMMIT of a change of a tenant's standing or quotas. */
  readonly onChanged: () => void;
  /** Where browsers reach the console. */
  readonly webUrl: string;
}

/** Of these, what is named is changed. */
type Changes<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Jobs that wait are counted up to this in what is shown. */
const QUEUED_SHOWN = 1_000_000;
const NO_QUOTAS: Quotas = { agents: null, concurrentJobs: null, queuedJobs: null, storedBytes: null };

export class TenantsService {
  readonly #options: TenantsOptions;

  constructor(options: TenantsOptions) {
    this.#options = options;
  }

  async list(ask: PageAsk & { readonly q?: string | undefined }): Promise<Page<TenantSummary> | Refusal> {
    const { limit, cursor = null, sort } = ask;
    if (cursor !== null && !/^[a-z0-9-]{0,40}$/.test(cursor)) return badCursor();
    const range = { beyond: cursor, ascending: sort !== '-id', limit: limit + 1 };
    const found = await store.listTenants(this.#options.db, range, ask.q ?? null);
    return pageBy(found.map(summaryOf), limit, ({ id }) => id);
  }

  /** `by`: who asks; of their own tenant nothing else is seen. */
  async get(by: Pick<By, 'tenant'>, id: string): Promise<Tenant | Refusal> {
    const db = this.#of(by, id);
    const row = await store.findTenant(db, id);
    return row === null ? notFound(id) : viewOf(db, row);
  }

  async create(by: By, request: TenantRequest): Promise<NewTenant | Refusal> {
    const { db, clock, people, onChanged, webUrl } = this.#options;
    const { id, name, owner: email, ttlSeconds } = request;
    const invited = await takenBack(() =>
      db.transaction(async (tx) => {
        if (!(await store.insertTenant(tx, id, name, clock.now()))) return exists(id);
        await store.saveQuotas(tx, id, { ...NO_QUOTAS, ...defined<Quotas>(request.quotas) });
        await this.#audit(tx, by, id, 'tenant.created', { name, owner: email, quotas: request.quotas });
        const invitation = await people.inviteOwner(tx, { tenant: id, actor: actorOf(by) }, { email, ttlSeconds });
        // With its tenant: without an owner nobody could use it.
        return isRefusal(invitation) ? takeBack(invitation) : invitation;
      }),
    );
    if (isRefusal(invited)) return invited;
    onChanged();
    await this.#makeCa(id);
    const { token, expiresAt } = invited;
    const invitation = { email, url: `${webUrl}/invitation#token=${token}`, expiresAt };
    return { tenant: (await this.get(by, id)) as Tenant, invitation };
  }

  suspend(by: By, id: string, reason: string, unchanged?: Unchanged): Promise<Tenant | Refusal> {
    return this.#move(by, id, 'suspend', { to: 'suspended', reason }, unchanged);
  }

  resume(by: By, id: string, unchanged?: Unchanged): Promise<Tenant | Refusal> {
    return this.#move(by, id, 'resume', { to: 'active', reason: '' }, unchanged);
  }

  async setQuotas(by: By, id: string, changes: Changes<Quotas>, unchanged?: Unchanged): Promise<Tenant | Refusal> {
    const save = (tx: Transaction, row: store.TenantRow) =>
      store.saveQuotas(tx, id, { ...quotasOf(row), ...defined<Quotas>(changes) });
    return this.#set(by, id, { action: 'tenant.quotasChanged', changes, save }, unchanged);
  }

  /** Also by people of the tenant, for their own. */
  async setRetention(
    by: By,
    id: string,
    changes: Changes<Retention>,
    unchanged?: Unchanged,
  ): Promise<Tenant | Refusal> {
    const save = (tx: Transaction, row: store.TenantRow) =>
      store.saveRetention(tx, id, { ...retentionOf(row), ...defined<Retention>(changes) });
    return this.#set(by, id, { action: 'tenant.retentionChanged', changes, save }, unchanged);
  }

  /** Operators look after tenants as the installation does; whoever asks about their own tenant does so as it. */
  #of({ tenant }: Pick<By, 'tenant'>, id: string): Connection {
    return tenant === id ? this.#options.db.of(id) : this.#options.db;
  }

  async #set(
    by: By,
    id: string,
    done: {
      readonly action: string;
      readonly changes: object;
      readonly save: (tx: Transaction, row: store.TenantRow) => Promise<void>;
    },
    unchanged: Unchanged | undefined,
  ): Promise<Tenant | Refusal> {
    const refused = await this.#of(by, id).transaction(async (tx) => {
      const row = await holdUnchanged(tx, id, unchanged);
      if (isRefusal(row)) return row;
      await done.save(tx, row);
      await this.#audit(tx, by, id, done.action, done.changes);
      return null;
    });
    if (refused !== null) return refused;
    this.#options.onChanged();
    return this.get(by, id);
  }

  async #move(
    by: By,
    id: string,
    event: TenantEvent,
    { to, reason }: { readonly to: TenantState; readonly reason: string },
    unchanged: Unchanged | undefined,
  ): Promise<Tenant | Refusal> {
    const { trust, clock, onChanged } = this.#options;
    const moved = await trust.changes.make({}, async (tx): Promise<true | Refusal> => {
      const row = await holdUnchanged(tx, id, unchanged);
      if (isRefusal(row)) return row;
      if (row.operator) return operators();
      if (!(await store.move(tx, id, event, { to, reason, now: clock.now() }))) return wrongState(row, event);
      await this.#audit(tx, by, id, `tenant.${to === 'active' ? 'resumed' : to}`, reason === '' ? {} : { reason });
      return true;
    });
    if (isRefusal(moved)) return moved;
    onChanged();
    return this.get(by, id);
  }

  /** A root that is offline does not keep a tenant from being made: its CA is made by a ceremony, or by its first agent. */
  async #makeCa(id: string): Promise<void> {
    try {
      await this.#options.trust.authorities.agentCa(id);
    } catch (error) {
      this.#options.log.warn('the agent CA of a new tenant could not be made; its first agent makes it', {
        tenant: id,
        error,
      });
    }
  }

  /** In the tenant's log, and in the installation's where it was done from outside. */
  async #audit(tx: Transaction, by: By, id: string, action: string, detail: object): Promise<void> {
    const entry = { action, subject: `tenant:${id}`, detail: { ...detail } };
    if (by.tenant === id) await appendAudit(tx, { ...entry, tenant: id, actor: by.actor });
    else {
      await appendAudit(tx, { ...entry, tenant: id, actor: actorOf(by) });
      await appendAudit(tx, { ...entry, tenant: INSTALLATION, actor: by.actor });
    }
  }
}

/** In another tenant's log: an account or key of the operator's tenant, which is none of theirs. */
function actorOf({ actor }: By): string {
  return `platform:${actor}`;
}

function defined<T extends object>(changes: Changes<T>): Partial<T> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function quotasOf({ agents, concurrentJobs, queuedJobs, storedBytes }: store.TenantRow): Quotas {
  return { agents, concurrentJobs, queuedJobs, storedBytes };
}

function retentionOf({ jobsDays, logsDays, artifactsDays }: store.TenantRow): Retention {
  return { jobsDays, logsDays, artifactsDays };
}

/** What is shown of a tenant, read by whoever may. */
async function viewOf(db: Queryable, row: store.TenantRow): Promise<Tenant> {
  const { id, jobsDays, logsDays, artifactsDays } = row;
  const [agents, concurrentJobs, queuedJobs, storedBytes, ca] = await Promise.all([
    quotas.countAgents(db, id),
    quotas.countRunning(db, id),
    quotas.countQueued(db, id, QUEUED_SHOWN),
    quotas.countStored(db, id),
    findAgentCa(db, id),
  ]);
  return {
    ...summaryOf(row),
    trustDomain: `t-${id}.${TRUST_DOMAIN}`,
    agentCa: ca && { keyId: ca.keyId, notAfter: ca.notAfter.toISOString() },
    use: { agents, concurrentJobs, queuedJobs, storedBytes },
    retention: { jobsDays, logsDays, artifactsDays },
  };
}

/** The tenant until the transaction ends, as its caller has seen it where they say so. */
export async function holdUnchanged(
  tx: Transaction,
  id: string,
  unchanged: Unchanged | undefined,
): Promise<store.TenantRow | Refusal> {
  const row = await store.holdTenantRow(tx, id);
  if (row === null) return notFound(id);
  return (unchanged && unchanged(await viewOf(tx, row))) ?? row;
}

function summaryOf(row: store.TenantRow): TenantSummary {
  const { id, name, state, stateReason, operator } = row;
  return {
    ...{ id, name, state, stateReason, operator, quotas: quotasOf(row) },
    stateSince: row.stateSince.toISOString(),
    createdAt: row.createdAt.toISOString(),
  };
}

export function notFound(id: string): Refusal {
  return refuse('not_found', 'TENANT_NOT_FOUND', `There is no tenant ${id}.`, { fix: 'See `casare tenants list`.' });
}

function exists(id: string): Refusal {
  return refuse('conflict', 'TENANT_EXISTS', `There is a tenant ${id}.`, { fix: 'Choose another id.' });
}

export function operators(): Refusal {
  return refuse('conflict', 'TENANT_IS_OPERATORS', "This is the operator's tenant.", {
    detail: 'Without it nobody could look after the platform.',
  });
}

export function wrongState({ id, state }: Pick<store.TenantRow, 'id' | 'state'>, event: TenantEvent): Refusal {
  const fix = {
    suspend: 'Only an active tenant is suspended.',
    resume: 'Only a suspended tenant is resumed.',
    delete: 'Suspend it first, and export it if its records are still wanted.',
  }[event];
  return refuse('conflict', 'TENANT_WRONG_STATE', `The tenant ${id} is ${state}.`, { fix });
}
