/** Secrets at rest: what is known of each, and its versions, sealed. Nothing here can open them. */
import type { SecretMode } from '@casare/shared/api';
import { listSql, sql, type Queryable } from '../platform/database/index.ts';

export interface SecretRow {
  readonly name: string;
  readonly id: string;
  readonly mode: SecretMode;
  readonly description: string;
  readonly allowedSteps: string[] | null;
  readonly allowedOrigins: string[] | null;
  readonly rotateAfterDays: number | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly versionAt: Date;
  readonly lastUsedAt: Date | null;
}

/** A version as it is kept. */
export interface SealedVersion {
  readonly version: number;
  readonly sealedValue: Buffer;
  readonly wrappedKey: string;
  readonly masterId: string;
}

/** The newest version of a secret that the control plane can open. */
export interface CurrentSecret extends SealedVersion {
  readonly name: string;
  readonly id: string;
  readonly allowedSteps: string[] | null;
  readonly allowedOrigins: string[] | null;
}

export interface VersionRow {
  readonly version: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** None of a version that is sealed to agents. */
  readonly masterKey: string | null;
}

const SECRET = `name, id, mode, description, allowed_steps AS "allowedSteps", allowed_origins AS "allowedOrigins",
     rotate_after_days AS "rotateAfterDays", current_version AS version, created_at AS "createdAt",
     created_by AS "createdBy", version_at AS "versionAt", last_used_at AS "lastUsedAt"`;
const SEALED = `v.version, v.sealed_value AS "sealedValue", v.wrapped_key AS "wrappedKey", v.master_id AS "masterId"`;

const secretByNameSql = sql<SecretRow, [tenant: string, name: string]>(
  'secretByName',
  `SELECT ${SECRET} FROM secret WHERE tenant_id = $1 AND name = $2`,
  { idempotent: true },
);
// Versions of one secret are made one after the other.
const lockSecretSql = sql<SecretRow, [tenant: string, name: string]>(
  'lockSecret',
  `SELECT ${SECRET} FROM secret WHERE tenant_id = $1 AND name = $2 FOR UPDATE`,
);
const secretPageSql = listSql<SecretRow, [tenant: string, beyond: string | null, limit: number, text: string | null]>(
  'secretPage',
  ({ order, beyond }) => `SELECT ${SECRET} FROM secret
   WHERE tenant_id = $1 AND ($2::text IS NULL OR name ${beyond} $2 COLLATE "C")
     AND ($4::text IS NULL OR strpos(lower(name), lower($4)) > 0)
   ORDER BY name COLLATE "C" ${order} LIMIT $3`,
);
const countSecretsSql = sql<{ count: number }, [tenant: string]>(
  'countSecrets',
  `SELECT count(*)::int AS count FROM secret WHERE tenant_id = $1`,
);
const insertSecretSql = sql<
  never,
  [
    tenant: string,
    name: string,
    id: string,
    description: string,
    steps: string[] | null,
    origins: string[] | null,
    rotateAfterDays: number | null,
    at: Date,
    by: string,
    mode: string,
  ]
>(
  'insertSecret',
  `INSERT INTO secret (tenant_id, name, id, description, allowed_steps, allowed_origins, rotate_after_days,
     current_version, created_at, created_by, version_at, mode) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $8, $10)
   ON CONFLICT DO NOTHING`,
);
const updateSecretSql = sql<
  never,
  [
    tenant: string,
    name: string,
    description: string,
    steps: string[] | null,
    origins: string[] | null,
    rotateAfterDays: number | null,
    version: number,
    versionAt: Date,
  ]
>(
  'updateSecret',
  `UPDATE secret SET description = $3, allowed_steps = $4, allowed_origins = $5, rotate_after_days = $6,
     current_version = $7, version_at = $8 WHERE tenant_id = $1 AND name = $2`,
);
const insertVersionSql = sql<
  never,
  [tenant: string, name: string, version: number, value: Buffer, key: string, master: string, at: Date, by: string]
>(
  'insertSecretVersion',
  `INSERT INTO secret_version (tenant_id, name, version, sealed_value, wrapped_key, master_id, created_at, created_by)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);
const insertSealedVersionSql = sql<never, [tenant: string, name: string, version: number, at: Date, by: string]>(
  'insertSealedSecretVersion',
  `INSERT INTO secret_version (tenant_id, name, version, created_at, created_by) VALUES ($1, $2, $3, $4, $5)`,
);
const dropOldVersionsSql = sql<never, [tenant: string, name: string, upTo: number]>(
  'dropOldSecretVersions',
  `DELETE FROM secret_version WHERE tenant_id = $1 AND name = $2 AND version <= $3`,
);
const currentSecretsSql = sql<CurrentSecret, [tenant: string, names: string[]]>(
  'currentSecrets',
  `SELECT s.name, s.id, s.allowed_steps AS "allowedSteps", s.allowed_origins AS "allowedOrigins", ${SEALED}
   FROM secret s JOIN secret_version v
     ON v.tenant_id = s.tenant_id AND v.name = s.name AND v.version = s.current_version
   WHERE s.tenant_id = $1 AND s.name = ANY ($2) AND s.mode = 'server'`,
  { idempotent: true },
);
const versionPageSql = listSql<VersionRow, [tenant: string, name: string, beyond: number | null, limit: number]>(
  'secretVersionPage',
  ({ order, beyond }) => `SELECT version, created_at AS "createdAt", created_by AS "createdBy", master_id AS "masterKey"
   FROM secret_version WHERE tenant_id = $1 AND name = $2 AND ($3::int IS NULL OR version ${beyond} $3)
   ORDER BY version ${order} LIMIT $4`,
);
const deleteSecretSql = sql<never, [tenant: string, name: string]>(
  'deleteSecret',
  `DELETE FROM secret WHERE tenant_id = $1 AND name = $2`,
);
const deleteVersionSql = sql<never, [tenant: string, name: string, version: number]>(
  'deleteSecretVersion',
  `DELETE FROM secret_version WHERE tenant_id = $1 AND name = $2 AND version = $3`,
);
// At most one write a minute and secret: a busy one must not turn every job into a write of its row.
const touchSecretsSql = sql<never, [tenant: string, names: string[], at: Date]>(
  'touchSecrets',
  `UPDATE secret SET last_used_at = $3 WHERE tenant_id = $1 AND name = ANY ($2)
     AND (last_used_at IS NULL OR last_used_at < $3::timestamptz - interval '1 minute')`,
);

export async function secretByName(db: Queryable, tenant: string, name: string): Promise<SecretRow | null> {
  return (await db.query(secretByNameSql(tenant, name)))[0] ?? null;
}

export async function lockSecret(tx: Queryable, tenant: string, name: string): Promise<SecretRow | null> {
  return (await tx.query(lockSecretSql(tenant, name)))[0] ?? null;
}

/** By name, beyond one. */
export function secretPage(
  db: Queryable,
  tenant: string,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
  text: string | null,
): Promise<SecretRow[]> {
  return db.query(secretPageSql(page.ascending)(tenant, page.beyond, page.limit, text));
}

export async function countSecrets(db: Queryable, tenant: string): Promise<number> {
  return (await db.query(countSecretsSql(tenant)))[0]!.count;
}

/** What is said about a secret. */
export interface About {
  readonly description: string;
  readonly allowedSteps: readonly string[] | null;
  readonly allowedOrigins: readonly string[] | null;
  readonly rotateAfterDays: number | null;
}

/** False when there is one of that name. */
export async function insertSecret(
  tx: Queryable,
  tenant: string,
  { name, id, at, by, mode, ...about }: About & { name: string; id: string; at: Date; by: string; mode: SecretMode },
): Promise<boolean> {
  const { description, rotateAfterDays } = about;
  const [steps, origins] = [listOf(about.allowedSteps), listOf(about.allowedOrigins)];
  return (
    (await tx.execute(insertSecretSql(tenant, name, id, description, steps, origins, rotateAfterDays, at, by, mode))) >
    0
  );
}

export async function updateSecret(
  tx: Queryable,
  tenant: string,
  { name, version, versionAt, ...about }: About & { name: string; version: number; versionAt: Date },
): Promise<void> {
  const { description, rotateAfterDays } = about;
  const [steps, origins] = [listOf(about.allowedSteps), listOf(about.allowedOrigins)];
  await tx.execute(updateSecretSql(tenant, name, description, steps, origins, rotateAfterDays, version, versionAt));
}

export async function insertVersion(
  tx: Queryable,
  tenant: string,
  name: string,
  { version, sealedValue, wrappedKey, masterId }: SealedVersion,
  { at, by }: { readonly at: Date; readonly by: string },
): Promise<void> {
  await tx.execute(insertVersionSql(tenant, name, version, sealedValue, wrappedKey, masterId, at, by));
}

/** A version whose values are sealed to agents, and stand elsewhere. */
export async function insertSealedVersion(
  tx: Queryable,
  tenant: string,
  name: string,
  version: number,
  { at, by }: { readonly at: Date; readonly by: string },
): Promise<void> {
  await tx.execute(insertSealedVersionSql(tenant, name, version, at, by));
}

export async function dropOldVersions(tx: Queryable, tenant: string, name: string, upTo: number): Promise<void> {
  await tx.execute(dropOldVersionsSql(tenant, name, upTo));
}

export function currentSecrets(db: Queryable, tenant: string, names: readonly string[]): Promise<CurrentSecret[]> {
  return db.query(currentSecretsSql(tenant, [...names]));
}

/** By number, beyond one. */
export function versionPage(
  db: Queryable,
  tenant: string,
  name: string,
  page: { readonly beyond: number | null; readonly ascending: boolean; readonly limit: number },
): Promise<VersionRow[]> {
  return db.query(versionPageSql(page.ascending)(tenant, name, page.beyond, page.limit));
}

export async function deleteSecret(tx: Queryable, tenant: string, name: string): Promise<boolean> {
  return (await tx.execute(deleteSecretSql(tenant, name))) > 0;
}

export async function deleteVersion(tx: Queryable, tenant: string, name: string, version: number): Promise<boolean> {
  return (await tx.execute(deleteVersionSql(tenant, name, version))) > 0;
}

export async function touchSecrets(db: Queryable, tenant: string, names: readonly string[], at: Date): Promise<void> {
  await db.execute(touchSecretsSql(tenant, [...names], at));
}

function listOf(list: readonly string[] | null): string[] | null {
  return list === null ? null : [...list];
}
