/**
 * The audit log as people read it, and the loop that links its entries into a chain.
 *
 * Invariant: what was read never changes and nothing is inserted before it: an entry is linked only when every
 * transaction that could come before it has ended.
 */
import type { AuditEntry, AuditHead, AuditLog } from '@casare/shared/api';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import * as store from './audit-chain.store.ts';

export interface AuditOptions {
  readonly db: Database;
  readonly log: Log;
}

const INTERVAL_MS = 1_000;
/** Entries that one transaction links. */
const BATCH = 500;
/** The log of what belongs to the installation. */
const INSTALLATION = '_installation';

export class AuditService {
  readonly #options: AuditOptions;
  #loop: Loop | null = null;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  start(): void {
    const { log } = this.#options;
    this.#loop = startLoop({ name: 'audit chain', intervalMs: INTERVAL_MS, log, run: (signal) => this.link(signal) });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** One turn: links what can be linked. */
  async link(signal?: AbortSignal): Promise<void> {
    const { db } = this.#options;
    for (const tenant of await store.findLogsToLink(db)) {
      let linked = BATCH;
      while (linked === BATCH && !signal?.aborted) linked = await db.transaction((tx) => store.link(tx, tenant, BATCH));
    }
  }

  /** Oldest first; the cursor is a position. */
  async list(
    tenant: string,
    { log, limit, cursor }: { readonly log: AuditLog; readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ items: AuditEntry[]; nextCursor: string | null } | Refusal> {
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) return badCursor();
    const of = await this.#logOf(tenant, log);
    if (of === null) return operatorOnly();
    const found = await store.listEntries(this.#options.db.of(of), of, Number(cursor ?? 0), limit + 1);
    const items = found.slice(0, limit) as AuditEntry[];
    return { items, nextCursor: found.length > limit ? String(items.at(-1)?.position) : null };
  }

  async head(tenant: string, log: AuditLog): Promise<AuditHead | Refusal> {
    const of = await this.#logOf(tenant, log);
    return of === null ? operatorOnly() : store.findHead(this.#options.db.of(of), of);
  }

  async #logOf(tenant: string, log: AuditLog): Promise<string | null> {
    if (log === 'tenant') return tenant;
    return (await store.isOperator(this.#options.db.of(tenant), tenant)) ? INSTALLATION : null;
  }
}

function operatorOnly(): Refusal {
  return refuse('denied', 'OPERATOR_ONLY', 'This log belongs to the installation.', {
    fix: "Use a key of the operator's tenant.",
  });
}
