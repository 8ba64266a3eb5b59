/**
 * Everything of a tenant as one archive, made while it is sent: a manifest, each table as JSON lines, each artifact.
 *
 * Invariants: no credential leaves: hashes of passwords, keys and links, sealed secrets and keys stay (`WITHHELD`), and so
 * does what only the running system needs (`LEFT_OUT`). Rows are read in pages, each by itself: of a suspended tenant, where
 * nothing changes, they fit together; the manifest says whether it was.
 */
import { Readable } from 'node:stream';
import type { RecordFile } from '@casare/shared/record';
import { zipOf, type ArtifactFiles } from '../jobs/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { MadeBytes } from '../platform/http/answer.ts';
import type { Refusal } from '../platform/refusal.ts';
import * as data from './tenant-data.store.ts';
import { findTenant } from './tenant.store.ts';
import { notFound } from './tenants.service.ts';

export interface ExportOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly files: Pick<ArtifactFiles, 'read'>;
}

/** Rows read at once. */
const PAGE = 500;

/** Tables of the running system, and of credentials alone. */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  'agent_session',
  'artifact_removal',
  'authority_request',
  'idempotency_key',
  'invitation',
  'job_deadline',
  'job_fence',
  'job_key',
  'job_lease',
  'job_ready',
  'job_waiting',
  'live_event',
  'recovery_code',
  'second_factor',
  'session',
  'sign_in_code',
]);

/** What a column of a credential is called, in whatever table: it is not exported. Nor is any column of bytes. */
export const WITHHELD = /(^|_)hash$|sealed|secret|password|csrf|wrapped|cipher/;
/** Columns that look like one and are none: the hashes of the audit chain. */
const TOLD: ReadonlySet<string> = new Set(['audit_link.hash', 'audit_head.hash', 'audit_checkpoint.hash']);

export class TenantExport {
  readonly #options: ExportOptions;

  constructor(options: ExportOptions) {
    this.#options = options;
  }

  async open(id: string): Promise<MadeBytes | Refusal> {
    const { db, clock } = this.#options;
    const tenant = await findTenant(db, id);
    if (tenant === null) return notFound(id);
    const now = clock.now();
    const manifest = {
      format: 'casare.tenant/1',
      tenant: { id, name: tenant.name, createdAt: tenant.createdAt.toISOString() },
      exportedAt: now.toISOString(),
      /** Nothing changed while it was made. */
      consistent: tenant.state === 'suspended',
    };
    const stream = zipOf(this.#files(id, manifest), now);
    return { stream, mediaType: 'application/zip', bytes: null, name: `tenant-${id}.zip` };
  }

  async *#files(id: string, manifest: object): AsyncGenerator<RecordFile> {
    const tables = (await data.listExportedTables(this.#options.db)).filter(({ name }) => !LEFT_OUT.has(name));
    const described = tables.map((table) => ({ name: table.name, withheld: withheldOf(table) }));
    yield file('manifest.json', [`${JSON.stringify({ ...manifest, tables: described }, null, 2)}\n`]);
    for (const table of tables) yield file(`tables/${table.name}.jsonl`, this.#rows(table, id));
    const missing: string[] = [];
    yield* this.#artifacts(id, tables, missing);
    yield file('missing.json', [`${JSON.stringify(missing)}\n`]);
  }

  async *#rows(table: data.ExportedTable, tenant: string): AsyncGenerator<string> {
    for await (const { row } of this.#each(table, tenant)) yield `${row}\n`;
  }

  async *#artifacts(
    tenant: string,
    tables: readonly data.ExportedTable[],
    missing: string[],
  ): AsyncGenerator<RecordFile> {
    const { files } = this.#options;
    const table = tables.find(({ name }) => name === 'artifact');
    if (table === undefined) return;
    for await (const { row } of this.#each(table, tenant)) {
      const { id } = JSON.parse(row) as { id: string };
      const found = await files.read(tenant, id);
      if (found === null) missing.push(id);
      else yield { name: `artifacts/${id}`, packed: false, content: found.content };
    }
  }

  async *#each(table: data.ExportedTable, tenant: string): AsyncGenerator<{ row: string; place: string }> {
    const without = withheldOf(table);
    let after: string | null = null;
    for (;;) {
      const rows: { row: string; place: string }[] = await data.listRows(this.#options.db, table, {
        ...{ tenant, without, after },
        limit: PAGE,
      });
      yield* rows;
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.place;
    }
  }
}

/** Columns of the table that do not leave. */
export function withheldOf({
  name,
  columns,
  binary,
}: Pick<data.ExportedTable, 'name' | 'columns' | 'binary'>): string[] {
  return columns.filter(
    (column) => (WITHHELD.test(column) || binary.includes(column)) && !TOLD.has(`${name}.${column}`),
  );
}

function file(name: string, texts: Iterable<string> | AsyncIterable<string>): RecordFile {
  return { name, packed: false, content: Readable.from(bytesOf(texts), { objectMode: false }) };
}

async function* bytesOf(texts: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of texts) yield Buffer.from(text);
}
