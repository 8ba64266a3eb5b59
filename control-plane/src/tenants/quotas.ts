/**
 * Quotas where they are felt. Each replica looks every second, and when told, at which tenants have any or are not active.
 *
 * Invariants: jobs at once are counted in the transaction that leases more, under the tenant's turn, so that replicas
 * together never exceed the quota; agents are counted in the transaction that adds one; jobs that wait and bytes are a
 * bound (`meter.ts`). A tenant without quotas pays nothing. A quota that was lowered ends nothing: it lets nothing in.
 */
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable, Transaction } from '../platform/database/index.ts';
import { tenantSuspended } from '../platform/http/guard.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import type { HeldBy, JobQuotas, Room } from '../jobs/index.ts';
import { Meter } from './meter.ts';
import * as store from './quota.store.ts';

export interface QuotasOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tenants looked at; beyond, the rest goes without until others are fewer. */
const TENANTS = 100_000;
const LOOK_MS = 1_000;
/** Told when a tenant's standing or quotas changed. */
const CHANNEL = 'casare_tenants';

export class Quotas implements JobQuotas {
  readonly #options: QuotasOptions;
  readonly #queued: Meter;
  readonly #stored: Meter;
  #standings: ReadonlyMap<string, store.Standing> = new Map();
  #limited: ReadonlySet<string> = new Set();
  #loop: Loop | null = null;
  #stopListening: (() => Promise<void>) | null = null;
  /** Called when jobs at once of a tenant are limited in another way than before. */
  onChanged: () => void = () => {};

  constructor(options: QuotasOptions) {
    this.#options = options;
    const { db, clock } = options;
    this.#queued = new Meter(clock, (tenant, limit) => store.countQueued(db, tenant, limit));
    this.#stored = new Meter(clock, (tenant) => store.countStored(db, tenant));
  }

  /** Looks once, then again and again. */
  async start(): Promise<void> {
    const { db, log } = this.#options;
    await this.look();
    this.#loop = startLoop({ name: 'quotas', intervalMs: LOOK_MS, log, run: () => this.look() });
    const subscription = await db.listen(CHANNEL, () => this.#loop?.wake());
    this.#stopListening = () => subscription.close();
  }

  async stop(): Promise<void> {
    await this.#stopListening?.();
    await this.#loop?.stop();
  }

  /** After the COMMIT of a change. */
  changed(): void {
    this.#loop?.wake();
    this.#options.db.notify(CHANNEL);
  }

  /** One look. */
  async look(): Promise<void> {
    const all = await store.listStandings(this.#options.db, TENANTS);
    const before = textOf(this.#standings);
    this.#standings = new Map(all.map((standing) => [standing.tenant, standing]));
    const having = (quota: 'concurrentJobs' | 'queuedJobs' | 'storedBytes') =>
      new Set(all.filter((standing) => standing[quota] !== null).map(({ tenant }) => tenant));
    const idle = all.filter(({ active }) => !active).map(({ tenant }) => tenant);
    this.#limited = new Set([...having('concurrentJobs'), ...idle]);
    this.#queued.keep(having('queuedJobs'));
    this.#stored.keep(having('storedBytes'));
    if (textOf(this.#standings) !== before) this.onChanged();
  }

  isLimited(tenant?: string): boolean {
    return tenant === undefined ? this.#limited.size > 0 : this.#limited.has(tenant);
  }

  async room(tx: Queryable, tenants: readonly string[]): Promise<Room> {
    // A tunnel of a suspended tenant may still be open for a moment.
    const idle = tenants.filter((tenant) => this.#standings.get(tenant)?.active === false);
    const { got, room } = await store.takeRoom(
      tx,
      tenants.filter((tenant) => !idle.includes(tenant)),
    );
    const taken = [...room.keys()].some((tenant) => !got.has(tenant));
    const left = [...room].map(([tenant, n]) => [tenant, got.has(tenant) ? n : 0] as const);
    return { of: new Map([...left, ...idle.map((tenant) => [tenant, 0] as const)]), taken };
  }

  async refusalOfSubmit(tenant: string, jobs: number): Promise<Refusal | null> {
    const standing = this.#standings.get(tenant);
    if (standing === undefined) return null;
    if (!standing.active) return tenantSuspended();
    const { queuedJobs } = standing;
    const used = queuedJobs === null ? null : await this.#queued.take(tenant, jobs, queuedJobs);
    return used === null ? null : exceeded('QUEUED_JOBS', `${queuedJobs} jobs may wait, and ${used} do`, jobs);
  }

  async heldBy(db: Queryable, tenant: string): Promise<HeldBy | null> {
    const holding = await store.findHolding(db, tenant);
    if (holding === null) return null;
    const { active, limit, used } = holding;
    if (!active) return { code: 'TENANT_SUSPENDED', limit: null, used: null };
    return limit !== null && used >= limit ? { code: 'QUOTA_CONCURRENT_JOBS', limit, used } : null;
  }

  async refusalOfFile(tenant: string, bytes: number): Promise<Refusal | null> {
    const storedBytes = this.#standings.get(tenant)?.storedBytes ?? null;
    const used = storedBytes === null ? null : await this.#stored.take(tenant, bytes, storedBytes);
    return used === null
      ? null
      : exceeded('STORED_BYTES', `${storedBytes} bytes may be stored, and ${used} are`, bytes);
  }

  /** Why the tenant takes no further agent; null when it does. In the transaction that adds one. */
  async refusalOfAgent(tx: Transaction, tenant: string): Promise<Refusal | null> {
    if ((await store.holdState(tx, tenant)) !== 'active') return tenantSuspended();
    const quota = await store.holdQuotaOfAgents(tx, tenant);
    if (quota === null) return null;
    const used = await store.countAgents(tx, tenant);
    return used < quota ? null : exceeded('AGENTS', `${quota} agents may be enrolled, and ${used} are`, 1);
  }

  /** Why an agent that has joined is not let work: the quota was lowered below what is there, itself counted. Null when it is. */
  async refusalOfApproval(tx: Queryable, tenant: string): Promise<Refusal | null> {
    const { quota, used } = await store.agentsAgainstQuota(tx, tenant);
    if (quota === null || used <= quota) return null;
    return exceeded('AGENTS', `${quota} agents may be enrolled, and ${used} are, this one counted`, used - quota, true);
  }
}

/** `QUOTA_…`: what the limit is, what is used of it, and who can raise it. */
function exceeded(of: 'QUEUED_JOBS' | 'STORED_BYTES' | 'AGENTS', detail: string, more: number, there = false): Refusal {
  const freed = {
    QUEUED_JOBS: 'Wait until some have begun, or cancel some',
    STORED_BYTES: 'Remove old records by a shorter retention',
    AGENTS: 'Decommission agents that are gone',
  }[of];
  return refuse('unprocessable', `QUOTA_${of}`, "The tenant's quota is used up.", {
    detail: `${detail}; ${more} ${there ? 'too many' : 'more do not fit'}.`,
    fix: `${freed}; an operator of the platform can raise the quota (\`casare tenants quota\`).`,
  });
}

function textOf(standings: ReadonlyMap<string, store.Standing>): string {
  return JSON.stringify([...standings.values()].sort((a, b) => (a.tenant < b.tenant ? -1 : 1)));
}
