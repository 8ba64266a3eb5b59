/** Saves, checks and finds versions of workflows; the front door for jobs is `resolve` and `validateInput`. */
import { fitsWorkflow, subjectsOf, workflowDigest } from '@casare/certs';
import type { ProblemDetail, WorkflowVersion } from '@casare/shared/api';
import type { SignatureEnvelope } from '@casare/shared/protocol';
import {
  analyse,
  embedSubWorkflows,
  MAX_WORKFLOWS,
  normalise,
  parseWorkflow,
  subWorkflowUses,
  type Analysis,
  type Workflow,
} from '@casare/shared/workflow';
import { appendAudit } from '../audit/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantDatabase } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import type { Ids } from '../platform/ids.ts';
import { pageBy, uuidCursor, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import { inputSchemaFault, InputSchemas } from './input-schema.ts';
import { versionView } from './workflow-view.ts';
import * as store from './workflow.store.ts';

/** What a check found. */
export interface Checked {
  readonly problems: readonly ProblemDetail[];
  /** Null when there are problems. */
  readonly saved: { document: Workflow; analysis: Analysis; warnings: readonly ProblemDetail[] } | null;
}

const CACHE_LIMIT = 500;
/** Another replica may have taken a signature: until then one that has none here is believed to have none, milliseconds. */
const UNSIGNED_MS = 2_000;
/** The same for one that may have been replaced. */
const SIGNED_MS = 10_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const REFERENCE = /^([A-Za-z0-9-]{1,63})\/([A-Za-z0-9-]{1,63})(?:@([0-9A-Za-z.+-]{1,100}))?$/;

export class WorkflowsService {
  readonly #db: TenantDatabase;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #schemas = new InputSchemas();
  /**
   * Versions never change but for their signature, so rows may be kept; the oldest goes first. `freshUntil`: when to look
   * again whether there is one, on the monotonic clock.
   */
  readonly #rows = new Map<string, { row: store.VersionRow; freshUntil: number }>();

  constructor(db: TenantDatabase, clock: Clock, ids: Ids) {
    this.#db = db;
    this.#clock = clock;
    this.#ids = ids;
  }

  /** Checks a document without saving it; sub-workflows that it runs must be saved. */
  async check(tenant: string, source: string): Promise<Checked> {
    const parsed = parseWorkflow(source);
    if (!parsed.ok) return { problems: parsed.problems, saved: null };
    const own = normalise(parsed.document);
    const fault = inputSchemaFault(own);
    if (fault !== null) return { problems: [{ path: '/input/schema/document', message: fault }], saved: null };
    const whole = embedSubWorkflows(own, await this.#subWorkflows(tenant, own));
    if (!whole.ok) return { problems: whole.findings.map(parsed.locate), saved: null };
    const { document } = whole;
    return { problems: [], saved: { document, analysis: analyse(document), warnings: parsed.warnings } };
  }

  async #subWorkflows(tenant: string, document: Workflow): Promise<Map<string, Workflow>> {
    const found = new Map<string, Workflow>();
    const references = new Set(subWorkflowUses(document).map(({ reference }) => reference));
    // More are refused, however many of them there are.
    for (const reference of [...references].slice(0, MAX_WORKFLOWS + 1)) {
      const row = await this.resolve(tenant, reference);
      if (!('refused' in row)) found.set(reference, row.document);
    }
    return found;
  }

  /** Saves a version; the same document again gives the version that is there. */
  async push(by: Caller, source: string): Promise<store.ListedVersion | Refusal> {
    const { problems, saved } = await this.check(by.tenant, source);
    if (saved === null) return invalid(problems);
    const { namespace, name, version } = saved.document.document;
    const digest = workflowDigest(saved.document);
    const row = {
      ...{ id: this.#ids.next(), namespace, name, version, digest, ...saved },
      ...{ signature: null, createdAt: this.#clock.now() },
    };
    const found = await this.#db.of(by.tenant).transaction(async (tx) => {
      if (await store.insertVersion(tx, by.tenant, row, source)) {
        const detail = { namespace, name, version, digest };
        const { tenant, actor } = by;
        await appendAudit(tx, { tenant, actor, action: 'workflow.pushed', subject: `workflow:${row.id}`, detail });
        return row;
      }
      return store.versionByName(tx, by.tenant, { namespace, name, version });
    });
    if (found !== null && found.digest === digest) return found;
    return refuse(
      'conflict',
      'WORKFLOW_VERSION_EXISTS',
      `${namespace}/${name}@${version} is saved with other content.`,
      {
        fix: 'Raise `document.version`: a saved version never changes.',
      },
    );
  }

  /** The version that `namespace/name`, `namespace/name@version` or an id means; without a version the newest. */
  async resolve(tenant: string, reference: string): Promise<store.VersionRow | Refusal> {
    const id = UUID.test(reference) ? reference : await this.#idOf(tenant, reference);
    return id === null ? notFound(reference) : this.get(tenant, id);
  }

  async get(tenant: string, id: string): Promise<store.VersionRow | Refusal> {
    const key = `${tenant}/${id.toLowerCase()}`;
    const known = this.#rows.get(key);
    if (known !== undefined) {
      if (known.freshUntil > this.#clock.monotonicMs()) return known.row;
      const signature = await store.signatureOf(this.#db.of(tenant), tenant, id);
      return this.#keep(key, signature === null ? known.row : { ...known.row, signature });
    }
    const row = await store.versionById(this.#db.of(tenant), tenant, id);
    return row === null ? notFound(id) : this.#keep(key, row);
  }

  /** Many at once, as they are shown: those that the tenant has. */
  async views(tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, WorkflowVersion>> {
    const found = await store.versionsById(this.#db.of(tenant), tenant, ids);
    return new Map(found.map((row) => [row.id, versionView(row)]));
  }

  #keep(key: string, row: store.VersionRow): store.VersionRow {
    if (!this.#rows.has(key) && this.#rows.size >= CACHE_LIMIT) this.#rows.delete(this.#rows.keys().next().value!);
    const freshMs = row.signature === null ? UNSIGNED_MS : SIGNED_MS;
    this.#rows.set(key, { row, freshUntil: this.#clock.monotonicMs() + freshMs });
    return row;
  }

  /** Keeps the signature of a version. Whose it is does not matter here, only that it is one of this very version. */
  async sign(by: Caller, id: string, signature: SignatureEnvelope): Promise<store.VersionRow | Refusal> {
    const row = await this.get(by.tenant, id);
    if ('refused' in row) return row;
    const covered = subjectsOf(signature);
    const verdict = covered.ok ? fitsWorkflow(covered.value, row.document) : covered;
    if (!verdict.ok) {
      return refuse('unprocessable', verdict.code, 'This is no signature of this version.', {
        detail: `${verdict.message}.`,
        fix: 'Sign the file that was pushed, with this version of `casare`: `casare workflow sign`.',
      });
    }
    await this.#db.of(by.tenant).transaction(async (tx) => {
      await store.sign(tx, by.tenant, row.id, signature);
      const keys = signature.signatures.map(({ keyid }) => keyid ?? '');
      const { namespace, name, version } = row;
      const detail = { namespace, name, version, keys };
      const { tenant, actor } = by;
      await appendAudit(tx, { tenant, actor, action: 'workflow.signed', subject: `workflow:${row.id}`, detail });
    });
    return this.#keep(`${by.tenant}/${row.id}`, { ...row, signature });
  }

  /** What is wrong with a job's input; empty when nothing is. */
  validateInput(workflow: Pick<store.VersionRow, 'id' | 'document'>, input: unknown): ProblemDetail[] {
    return this.#schemas.check(workflow.id, workflow.document, input);
  }

  /** The text of a version as it was pushed. */
  async sourceOf(tenant: string, id: string): Promise<string> {
    return (await store.sourceOf(this.#db.of(tenant), tenant, id)) ?? '';
  }

  async list(
    tenant: string,
    ask: PageAsk & { readonly q?: string | undefined },
  ): Promise<Page<store.ListedVersion> | Refusal> {
    const range = rangeOf(ask);
    if (range === undefined) return badCursor();
    const found = await store.listNewest(this.#db.of(tenant), tenant, range, ask.q ?? null);
    return pageBy(found, ask.limit, ({ id }) => id);
  }

  /** All versions of the workflow that version `id` belongs to. */
  async versions(tenant: string, id: string, ask: PageAsk): Promise<Page<store.ListedVersion> | Refusal> {
    const range = rangeOf(ask);
    if (range === undefined) return badCursor();
    const row = await this.get(tenant, id);
    if ('refused' in row) return row;
    const found = await store.listVersions(this.#db.of(tenant), tenant, row, range);
    return pageBy(found, ask.limit, ({ id: at }) => at);
  }

  async #idOf(tenant: string, reference: string): Promise<string | null> {
    const [, namespace, name, version] = REFERENCE.exec(reference) ?? [];
    if (namespace === undefined || name === undefined) return null;
    return store.versionId(this.#db.of(tenant), tenant, { namespace, name, version: version ?? null });
  }
}

function rangeOf({ cursor, sort, limit }: PageAsk): store.VersionRange | undefined {
  const beyond = uuidCursor(cursor);
  return beyond === undefined ? undefined : { beyond, ascending: sort === 'createdAt', limit: limit + 1 };
}

function invalid(problems: readonly ProblemDetail[]): Refusal {
  const first = problems[0];
  const at = first?.line === undefined ? '' : `line ${first.line}, column ${first.column}: `;
  return refuse('unprocessable', 'WORKFLOW_INVALID', 'The document is not a workflow that can be run.', {
    detail: first === undefined ? 'It has problems.' : `${at}${first.message}`,
    problems,
  });
}

function notFound(reference: string): Refusal {
  return refuse('not_found', 'WORKFLOW_NOT_FOUND', `There is no workflow ${reference.slice(0, 200)}.`, {
    fix: 'List them with `casare workflow list`, or push it first with `casare workflow push`.',
  });
}
