/** Saved versions of workflows. A version never changes once it is saved. */
import type { ProblemDetail } from '@casare/shared/api';
import type { SignatureEnvelope } from '@casare/shared/protocol';
import type { Analysis, Workflow } from '@casare/shared/workflow';
import { listSql, sql, type Queryable } from '../platform/database/index.ts';

/** A saved version without its source. */
export interface VersionRow {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  /** See `workflowDigest`. */
  readonly digest: string;
  /** Normalised: calls pinned to exact versions. */
  readonly document: Workflow;
  readonly analysis: Analysis;
  readonly warnings: readonly ProblemDetail[];
  readonly signature: SignatureEnvelope | null;
  readonly createdAt: Date;
}

/** A version's three names. */
export interface VersionName {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
}

/** Where a page goes on, and which way. */
export interface VersionRange {
  readonly beyond: string | null;
  readonly ascending: boolean;
  readonly limit: number;
}

/** What a list shows: the document stays in the database. */
export type ListedVersion = Omit<VersionRow, 'document'>;

const LISTED = `id, namespace, name, version, digest, analysis, warnings, signature, created_at AS "createdAt"`;

// Of two pushes of one version at once, the second inserts nothing and reads what the first saved.
const insertVersionSql = sql<
  never,
  [
    tenant: string,
    id: string,
    namespace: string,
    name: string,
    version: string,
    source: string,
    document: string,
    digest: string,
    analysis: string,
    warnings: string,
    createdAt: Date,
  ]
>(
  'insertWorkflowVersion',
  `INSERT INTO workflow_version
     (tenant_id, id, namespace, name, version, source, document, digest, analysis, warnings, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
   ON CONFLICT (tenant_id, namespace, name, version) DO NOTHING`,
);

const versionByNameSql = sql<ListedVersion, [tenant: string, namespace: string, name: string, version: string]>(
  'workflowVersionByName',
  `SELECT ${LISTED} FROM workflow_version WHERE tenant_id = $1 AND namespace = $2 AND name = $3 AND version = $4`,
);

const versionByIdSql = sql<VersionRow, [tenant: string, id: string]>(
  'workflowVersionById',
  `SELECT ${LISTED}, document FROM workflow_version WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);

const versionsByIdSql = sql<ListedVersion, [tenant: string, ids: string[]]>(
  'workflowVersionsById',
  `SELECT ${LISTED} FROM workflow_version WHERE tenant_id = $1 AND id = ANY($2)`,
  { idempotent: true },
);

const signSql = sql<never, [tenant: string, id: string, signature: string]>(
  'signWorkflowVersion',
  `UPDATE workflow_version SET signature = $3 WHERE tenant_id = $1 AND id = $2`,
);

const signatureOfSql = sql<{ signature: SignatureEnvelope | null }, [tenant: string, id: string]>(
  'workflowSignature',
  `SELECT signature FROM workflow_version WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);

const sourceOfSql = sql<{ source: string }, [tenant: string, id: string]>(
  'workflowSource',
  `SELECT source FROM workflow_version WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);

// Without a version: the one pushed last.
const versionIdSql = sql<{ id: string }, [tenant: string, namespace: string, name: string, version: string | null]>(
  'workflowVersionId',
  `SELECT id FROM workflow_version
   WHERE tenant_id = $1 AND namespace = $2 AND name = $3 AND ($4::text IS NULL OR version = $4)
   ORDER BY created_at DESC, id DESC LIMIT 1`,
  { idempotent: true },
);

// Ids are UUIDv7: by id is by time. The newest version of each workflow, then the page of those.
const listNewestSql = listSql<
  ListedVersion,
  [tenant: string, beyond: string | null, limit: number, text: string | null]
>(
  'listNewestWorkflows',
  ({ order, beyond }) => `SELECT * FROM (
     SELECT DISTINCT ON (namespace, name) ${LISTED} FROM workflow_version
     WHERE tenant_id = $1 AND ($4::text IS NULL OR strpos(lower(namespace || '/' || name), lower($4)) > 0)
     ORDER BY namespace, name, created_at DESC, id DESC
   ) newest
   WHERE $2::uuid IS NULL OR id ${beyond} $2 ORDER BY id ${order} LIMIT $3`,
);

const listVersionsSql = listSql<
  ListedVersion,
  [tenant: string, namespace: string, name: string, before: string | null, limit: number]
>(
  'listWorkflowVersions',
  ({ order, beyond }) => `SELECT ${LISTED} FROM workflow_version
   WHERE tenant_id = $1 AND namespace = $2 AND name = $3 AND ($4::uuid IS NULL OR id ${beyond} $4)
   ORDER BY id ${order} LIMIT $5`,
);

/** Saves a version unless one with these names is there; true when it was saved. */
export async function insertVersion(tx: Queryable, tenant: string, row: VersionRow, source: string): Promise<boolean> {
  const { id, namespace, name, version, document, digest, analysis, warnings, createdAt } = row;
  const inserted = await tx.execute(
    insertVersionSql(
      tenant,
      id,
      namespace,
      name,
      version,
      source,
      JSON.stringify(document),
      digest,
      JSON.stringify(analysis),
      JSON.stringify(warnings),
      createdAt,
    ),
  );
  return inserted === 1;
}

export async function versionByName(db: Queryable, tenant: string, of: VersionName): Promise<ListedVersion | null> {
  return (await db.query(versionByNameSql(tenant, of.namespace, of.name, of.version)))[0] ?? null;
}

export async function versionById(db: Queryable, tenant: string, id: string): Promise<VersionRow | null> {
  return (await db.query(versionByIdSql(tenant, id)))[0] ?? null;
}

/** Those that the tenant has, in no order. */
export function versionsById(db: Queryable, tenant: string, ids: readonly string[]): Promise<ListedVersion[]> {
  return db.query(versionsByIdSql(tenant, [...ids]));
}

/** Keeps the signature of a version, in place of an earlier one. */
export async function sign(tx: Queryable, tenant: string, id: string, signature: SignatureEnvelope): Promise<void> {
  await tx.execute(signSql(tenant, id, JSON.stringify(signature)));
}

/** The signature of a version as it is now. */
export async function signatureOf(db: Queryable, tenant: string, id: string): Promise<SignatureEnvelope | null> {
  return (await db.query(signatureOfSql(tenant, id)))[0]?.signature ?? null;
}

/** The text as it was pushed. */
export async function sourceOf(db: Queryable, tenant: string, id: string): Promise<string | null> {
  return (await db.query(sourceOfSql(tenant, id)))[0]?.source ?? null;
}

/** The id of a version, of the newest one when `version` is null. */
export async function versionId(
  db: Queryable,
  tenant: string,
  of: { readonly namespace: string; readonly name: string; readonly version: string | null },
): Promise<string | null> {
  return (await db.query(versionIdSql(tenant, of.namespace, of.name, of.version)))[0]?.id ?? null;
}

/** Newest version of each workflow, newest first, older than id `before`. */
export function listNewest(
  db: Queryable,
  tenant: string,
  { beyond, ascending, limit }: VersionRange,
  text: string | null,
): Promise<ListedVersion[]> {
  return db.query(listNewestSql(ascending)(tenant, beyond, limit, text));
}

/** All versions of one workflow, by age. */
export function listVersions(
  db: Queryable,
  tenant: string,
  of: { readonly namespace: string; readonly name: string },
  { beyond, ascending, limit }: VersionRange,
): Promise<ListedVersion[]> {
  return db.query(listVersionsSql(ascending)(tenant, of.namespace, of.name, beyond, limit));
}
