/**
 * The audit log as people read it, the loop that links its entries into a chain, and the one that has the signer say every
 * hour where each chain is. Checkpoints are logged too: wherever the log of the process is sent, they are kept.
 *
 * Invariant: what was read never changes and nothing is inserted before it: an entry is linked only when every
 * transaction that could come before it has ended.
 */
import type { Checkpoint, Result } from '@casare/certs';
import {
  auditEvent,
  type AuditCheckpoint,
  type AuditEntry,
  type AuditFormat,
  type AuditHead,
  type AuditLog,
} from '@casare/shared/api';
import { Readable } from 'node:stream';
import type { Database } from '../platform/database/index.ts';
import { Fault, lineOf } from '../platform/errors.ts';
import type { MadeBytes } from '../platform/http/answer.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import { numberCursor, pageBy, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import * as store from './audit-chain.store.ts';
import { INSTALLATION } from './audit.store.ts';
import * as checkpoints from './audit-checkpoint.store.ts';

export interface AuditOptions {
  readonly db: Database;
  readonly log: Log;
  /** The signer. */
  readonly sign: (of: {
    readonly log: string;
    readonly position: number;
    readonly hash: string;
  }) => Promise<Result<Checkpoint, string>>;
}

/** Entries from `since` on and before `until`, ISO 8601. */
interface Range {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
}

const INTERVAL_MS = 1_000;
/** Entries that one transaction links. */
const BATCH = 500;
/** A log that grew has a checkpoint so often. */
const CHECKPOINT_MS = 3_600_000;
/** Looked for so often, at most so many in one turn. */
const LOOK_MS = 30_000;
const CHECKPOINTS = 200;

export class AuditService {
  readonly #options: AuditOptions;
  #loops: readonly Loop[] = [];

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  start(): void {
    const { log } = this.#options;
    this.#loops = [
      startLoop({ name: 'audit chain', intervalMs: INTERVAL_MS, log, run: (signal) => this.link(signal) }),
      startLoop({ name: 'audit checkpoints', intervalMs: LOOK_MS, log, run: () => this.makeCheckpoints() }),
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }

  /** One turn: a checkpoint for each log that is due. A signer that is away is asked again at the next turn. */
  async makeCheckpoints(): Promise<void> {
    const { db, log, sign } = this.#options;
    for (const due of await checkpoints.findDue(db, CHECKPOINT_MS, CHECKPOINTS)) {
      const signed = await sign(due);
      if (!signed.ok) {
        log.warn('no checkpoint of the audit log', { log: due.log, code: signed.code, why: signed.message });
        continue;
      }
      await checkpoints.add(db, signed.value);
      log.info('checkpoint of the audit log', { checkpoint: signed.value });
    }
  }

  /** One turn: links what can be linked. A log that cannot be, because somebody meddled with it, stops no other one. */
  async link(signal?: AbortSignal): Promise<void> {
    const { db, log } = this.#options;
    for (const tenant of await store.findLogsToLink(db)) {
      try {
        let linked = BATCH;
        while (linked === BATCH && !signal?.aborted)
          linked = await db.transaction((tx) => store.link(tx, tenant, BATCH));
      } catch (error) {
        log.error('an audit log cannot be linked', {
          ...{ code: 'AUDIT_NOT_LINKED', log: tenant, why: lineOf(error) },
          fix: 'if it stays, compare the log with a copy: casare-certs audit verify',
        });
      }
    }
  }

  /** Oldest first unless the newest are asked for; the cursor is a position. */
  async list(tenant: string, ask: PageAsk & Range & { readonly log: AuditLog }): Promise<Page<AuditEntry> | Refusal> {
    const { log, limit, cursor, sort } = ask;
    const position = numberCursor(cursor);
    if (position === undefined) return badCursor();
    const of = await this.#logOf(tenant, log);
    if (of === null) return operatorOnly();
    const beyond = position === null ? null : Number(position);
    const range = { beyond, ascending: sort !== '-position', limit: limit + 1 };
    const found = (await store.listEntries(this.#options.db.of(of), of, range, rangeOf(ask))) as AuditEntry[];
    return pageBy(found, limit, (entry) => String(entry.position));
  }

  async head(tenant: string, log: AuditLog): Promise<AuditHead | Refusal> {
    const of = await this.#logOf(tenant, log);
    return of === null ? operatorOnly() : store.findHead(this.#options.db.of(of), of);
  }

  /** The log as lines, made while they are sent: a page is read when the one before it has gone. */
  async export(
    tenant: string,
    query: Range & { readonly log: AuditLog; readonly format: AuditFormat },
  ): Promise<MadeBytes | Refusal> {
    const of = await this.#logOf(tenant, query.log);
    if (of === null) return operatorOnly();
    const stream = Readable.from(this.#lines(of, query), { objectMode: false });
    return { stream, mediaType: 'application/x-ndjson', bytes: null, name: `audit-${query.log}.${query.format}` };
  }

  /** Signed at this moment: not before anything that is linked later. @throws Fault when the signer is away or refuses */
  async checkpoint(tenant: string, log: AuditLog): Promise<AuditCheckpoint | Refusal> {
    const of = await this.#logOf(tenant, log);
    if (of === null) return operatorOnly();
    const { position, hash } = await store.findHead(this.#options.db.of(of), of);
    const signed = await this.#options.sign({ log: of, position, hash });
    if (signed.ok) return signed.value;
    throw new Fault({
      code: signed.code,
      what: 'The signer made no checkpoint of the audit log',
      why: signed.message,
      fix: 'Try again in a minute',
      status: 503,
    });
  }

  /** Those that were made by the hour, oldest first; the cursor is a position. */
  async checkpoints(
    tenant: string,
    { log, limit, cursor }: PageAsk & { readonly log: AuditLog },
  ): Promise<Page<AuditCheckpoint> | Refusal> {
    const position = numberCursor(cursor);
    if (position === undefined) return badCursor();
    const of = await this.#logOf(tenant, log);
    if (of === null) return operatorOnly();
    const found = await checkpoints.list(this.#options.db.of(of), of, Number(position ?? 0), limit + 1);
    return pageBy(found, limit, (checkpoint) => String(checkpoint.position));
  }

  async *#lines(of: string, query: Range & { readonly format: AuditFormat }): AsyncGenerator<Buffer> {
    let after = 0;
    for (;;) {
      const found = (await store.listEntries(
        this.#options.db.of(of),
        of,
        { beyond: after, ascending: true, limit: BATCH },
        rangeOf(query),
      )) as AuditEntry[];
      const lines = found.map((entry) => JSON.stringify(query.format === 'jsonl' ? entry : auditEvent(entry)));
      if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`);
      if (found.length < BATCH) return;
      after = found.at(-1)!.position;
    }
  }

  async #logOf(tenant: string, log: AuditLog): Promise<string | null> {
    if (log === 'tenant') return tenant;
    return (await store.isOperator(this.#options.db.of(tenant), tenant)) ? INSTALLATION : null;
  }
}

/** Two names for either end: the later beginning and the earlier end count. */
function rangeOf({ since, until, createdAfter, createdBefore }: Range): { since: Date | null; until: Date | null } {
  const times = (...texts: (string | undefined)[]) => texts.flatMap((text) => (text ? [Date.parse(text)] : []));
  const [from, to] = [times(since, createdAfter), times(until, createdBefore)];
  return {
    since: from.length === 0 ? null : new Date(Math.max(...from)),
    until: to.length === 0 ? null : new Date(Math.min(...to)),
  };
}

function operatorOnly(): Refusal {
  return refuse('denied', 'OPERATOR_ONLY', 'This log belongs to the installation.', {
    fix: "Use a key of the operator's tenant.",
  });
}
