/**
 * Deletes tenants: everything of theirs, table by table as the catalogue has them, and their folders; then looks whether
 * anything is left, and says so.
 *
 * Invariants: from the commit that asks for it nobody of the tenant is let in, its CAs are retired and their keys forgotten;
 * a turn is bounded and can be repeated, by whichever replica; the tenant's own row goes last, in the transaction that found
 * nothing else left, and not before `SETTLE_MS` have passed: by then no replica has a session of it, so nothing comes after.
 */
import type { Deletion, DeletionReport } from '@casare/shared/api';
import { randomUUID } from 'node:crypto';
import { appendAudit } from '../audit/index.ts';
import type { ArtifactFiles } from '../jobs/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import type { Log } from '../platform/log.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { INSTALLATION, retireAgentCas, type Trust } from '../trust/index.ts';
import { deletionOrder } from './deletion-order.decision.ts';
import * as store from './deletion.store.ts';
import * as data from './tenant-data.store.ts';
import * as tenants from './tenant.store.ts';
import { holdUnchanged, operators, wrongState, type By } from './tenants.service.ts';

export interface DeletionOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly trust: Pick<Trust, 'changes'>;
  readonly files: Pick<ArtifactFiles, 'removeTenant' | 'countOf'>;
  /** After the COMMIT that asks for one. */
  readonly onChanged: () => void;
}

/** Rows removed by one statement. */
const BATCH = 5_000;
/** Deletions looked at in one turn. */
const AT_ONCE = 20;
/** Sessions are closed within two seconds of the commit, on every replica that can write at all. */
const SETTLE_MS = 5_000;
const FOLDER = 'artifacts';

export class Deletions {
  readonly #options: DeletionOptions;

  constructor(options: DeletionOptions) {
    this.#options = options;
  }

  /** `confirm` is the tenant's id once more. */
  async ask(by: By, id: string, confirm: string, unchanged?: Unchanged): Promise<Deletion | Refusal> {
    const { trust, clock, onChanged } = this.#options;
    if (confirm !== id) return notConfirmed(id);
    const now = clock.now();
    const asked = await trust.changes.make({}, async (tx): Promise<true | Refusal> => {
      const row = await holdUnchanged(tx, id, unchanged);
      if (isRefusal(row)) return row;
      if (row.operator) return operators();
      const to = { to: 'deleting', reason: '', now } as const;
      if (!(await tenants.move(tx, id, 'delete', to))) return wrongState(row, 'delete');
      const cas = await retireAgentCas(tx, id, now);
      await data.removeAbout(tx, id);
      await store.insert(tx, { id: randomUUID(), tenant: id, askedBy: by.actor, askedAt: now });
      const entry = { tenant: INSTALLATION, actor: by.actor, subject: `tenant:${id}` };
      await appendAudit(tx, { ...entry, action: 'tenant.deletionAsked', detail: { cas } });
      return true;
    });
    if (isRefusal(asked)) return asked;
    onChanged();
    return this.find(id);
  }

  /** The newest deletion of a tenant of this id. */
  async find(id: string): Promise<Deletion | Refusal> {
    const row = await store.findNewest(this.#options.db, id);
    if (row === null) return refuse('not_found', 'DELETION_NOT_FOUND', `No tenant ${id} was deleted.`);
    return {
      tenant: row.tenant,
      state: row.finishedAt === null ? 'running' : 'finished',
      askedBy: row.askedBy,
      askedAt: row.askedAt.toISOString(),
      finishedAt: row.finishedAt?.toISOString() ?? null,
      report: row.report,
    };
  }

  /** One turn over all that go on. */
  async turn(signal: AbortSignal): Promise<void> {
    for (const deletion of await store.listOpen(this.#options.db, AT_ONCE)) {
      if (signal.aborted) return;
      await this.#goOn(deletion, signal);
    }
  }

  async #goOn(deletion: store.DeletionRow, signal: AbortSignal): Promise<void> {
    const { db, clock, log, files } = this.#options;
    const { id, tenant } = deletion;
    const begun = clock.now().getTime();
    let removed = 0;
    const note = async (of: string, n: number): Promise<void> => {
      removed += n;
      if (n > 0) await store.noteRemoved(db, id, of, n);
    };
    for (const table of await this.#tables()) {
      let some = BATCH;
      while (some === BATCH) {
        if (signal.aborted) return;
        some = await data.removeSome(db, table, tenant, BATCH);
        await note(table.of, some);
      }
    }
    await note(FOLDER, await files.removeTenant(tenant));
    // What was still under way when it was asked for may have written behind this turn: another one looks again.
    if (removed > 0 || begun < deletion.askedAt.getTime() + SETTLE_MS) return;
    if (await this.#finish(deletion)) log.info('a tenant was deleted', { tenant });
  }

  /** Removes the tenant's own row, when nothing else is left. */
  async #finish({ id, tenant, askedBy }: store.DeletionRow): Promise<boolean> {
    const { db, clock, files } = this.#options;
    return db.transaction(async (tx) => {
      const { removed } = (await store.findNewest(tx, tenant))!;
      const left: Record<string, number> = {};
      for (const table of await this.#tables()) {
        left[table.of] = (left[table.of] ?? 0) + (await data.countRows(tx, table, tenant));
      }
      const tables = Object.keys(left)
        .sort()
        .map((of) => ({ name: of, removed: removed[of] ?? 0, left: left[of]! }));
      const folders = [{ name: FOLDER, removed: removed[FOLDER] ?? 0, left: await files.countOf(tenant) }];
      if ([...tables, ...folders].some((one) => one.left > 0)) return false;
      if (!(await data.removeTenantRow(tx, tenant))) return false;
      const report: DeletionReport = { tables, folders };
      await store.finish(tx, id, report, clock.now());
      const rows = tables.reduce((sum, one) => sum + one.removed, 0);
      await appendAudit(tx, {
        ...{ tenant: INSTALLATION, actor: askedBy, action: 'tenant.deleted', subject: `tenant:${tenant}` },
        detail: { rows, files: folders[0]!.removed, left: 0 },
      });
      return true;
    });
  }

  async #tables(): Promise<data.TenantTable[]> {
    const { db } = this.#options;
    const [tables, references] = await Promise.all([data.listTenantTables(db), data.listReferences(db)]);
    const byName = new Map(tables.map((table) => [table.name, table]));
    return deletionOrder([...byName.keys()], references).map((name) => byName.get(name)!);
  }
}

function notConfirmed(id: string): Refusal {
  return refuse('invalid', 'DELETION_NOT_CONFIRMED', 'The deletion was not confirmed.', {
    fix: `Say the tenant's id once more: confirm=${id}.`,
  });
}
