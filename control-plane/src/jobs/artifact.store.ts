/**
 * Artifact rows. The bytes lie on disk under the artifact's id (`artifact-files.ts`); a row exists only for bytes
 * that are complete, hashed and flushed.
 */
import { Artifact } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import type { Writer } from './run.store.ts';

/** A file to be registered. */
export interface NewArtifact {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly position: string | null;
}

type Row = Readonly<Record<string, unknown>>;
const COLUMNS = 'id, job_id, attempt, name, kind, media_type, bytes, sha256, position, created_at';

// Fenced: only the attempt that holds the lease registers files. Two files of one name are registered one after the
// other, so that the second sees which file it replaces: a statement of its own, with the snapshot after the wait.
const holdForFiles = sql<{ attempt: number }, [tenant: string, job: string, attempt: number, agent: string]>(
  'holdForFiles',
  `SELECT attempt FROM job_lease
   WHERE tenant_id = $1 AND job_id = $2 AND attempt = $3 AND agent_id = $4 FOR UPDATE`,
);

// Whoever registers a file and whoever takes one for nobody's take turns by its id. In a statement of its own, so that the
// next one sees what was committed before the turn came.
const takeFileTurn = sql<never, [id: string]>(
  'takeFileTurn',
  `SELECT pg_advisory_xact_lock(hashtextextended('casare artifact ' || $1::uuid, 0))`,
);
const isRemoving = sql<{ removing: boolean }, [tenant: string, id: string]>(
  'isFileRemoving',
  `SELECT EXISTS (SELECT FROM artifact_removal WHERE tenant_id = $1 AND id = $2) AS removing`,
);

// A repeated step replaces its earlier file.
const insertArtifact = sql<
  { replaced: string | null },
  [
    tenant: string,
    job: string,
    attempt: number,
    id: string,
    name: string,
    kind: string,
    mediaType: string,
    bytes: number,
    sha256: string,
    position: string | null,
  ]
>(
  'insertArtifact',
  `WITH before AS (
     SELECT id FROM artifact WHERE tenant_id = $1 AND job_id = $2 AND kind = $6 AND name = $5 AND id <> $4
   ), stored AS (
     INSERT INTO artifact (tenant_id, job_id, attempt, id, name, kind, media_type, bytes, sha256, position)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (tenant_id, job_id, kind, name) DO UPDATE SET id = excluded.id, attempt = excluded.attempt,
       media_type = excluded.media_type, bytes = excluded.bytes, sha256 = excluded.sha256,
       position = excluded.position, created_at = now()
     RETURNING 1
   )
   SELECT (SELECT id::text FROM before) AS replaced FROM stored`,
);

const getArtifact = sql<Row, [tenant: string, id: string]>(
  'getArtifact',
  `SELECT ${COLUMNS} FROM artifact WHERE tenant_id = $1 AND id = $2`,
  { idempotent: true },
);

// Of a tenant that is suspended or goes, nothing is handed out to who shows no account.
const getLinkedArtifact = sql<Row, [tenant: string, id: string]>(
  'getLinkedArtifact',
  `SELECT ${COLUMNS} FROM artifact WHERE tenant_id = $1 AND id = $2
     AND EXISTS (SELECT 1 FROM tenant WHERE tenant.id = $1 AND tenant.state = 'active')`,
  { idempotent: true },
);

/** The files of job `job`, an expression. */
export const artifactsOf = (job: string): string => `
   SELECT ${COLUMNS} FROM artifact WHERE tenant_id = $1 AND job_id = ${job} AND (kind, name) > ($3, $4)
   ORDER BY kind, name LIMIT $5`;

const listArtifacts = sql<Row, [tenant: string, job: string, kind: string, name: string, limit: number]>(
  'listArtifacts',
  artifactsOf('$2'),
  { idempotent: true },
);

/**
 * Registers a stored file; `null` when the attempt no longer holds the lease, `removing` while an earlier copy of it is being
 * taken away. `replaced` is the id of the file it supersedes.
 */
export async function register(
  tx: Transaction,
  { tenant, jobId, attempt, agentId }: Writer,
  artifact: NewArtifact,
): Promise<{ replaced: string | null } | 'removing' | null> {
  // In this order, and in one flight.
  const [, [turn], held] = await Promise.all([
    tx.query(takeFileTurn(artifact.id)),
    tx.query(isRemoving(tenant, artifact.id)),
    tx.query(holdForFiles(tenant, jobId, attempt, agentId)),
  ]);
  if (held.length === 0) return null;
  if (turn!.removing) return 'removing';
  const { id, name, kind, mediaType, bytes, sha256, position } = artifact;
  const [row] = await tx.query(
    insertArtifact(tenant, jobId, attempt, id, name, kind, mediaType, bytes, sha256, position),
  );
  return row ?? null;
}

/** One artifact of the tenant. */
export async function findArtifact(db: Queryable, tenant: string, id: string): Promise<Artifact | null> {
  const [row] = await db.query(getArtifact(tenant, id));
  return row ? artifactOf(row) : null;
}

/** One artifact of the tenant, if that is active. */
export async function findLinkedArtifact(db: Queryable, tenant: string, id: string): Promise<Artifact | null> {
  const [row] = await db.query(getLinkedArtifact(tenant, id));
  return row ? artifactOf(row) : null;
}

/** The files of a job after (kind, name), in that order. */
export async function findArtifacts(
  db: Queryable,
  tenant: string,
  job: string,
  after: readonly [kind: string, name: string],
  limit: number,
): Promise<Artifact[]> {
  return (await db.query(listArtifacts(tenant, job, after[0], after[1], limit))).map(artifactOf);
}

export function artifactOf(row: Row): Artifact {
  return Artifact.parse({
    id: row.id,
    jobId: row.job_id,
    attempt: row.attempt,
    name: row.name,
    kind: row.kind,
    mediaType: row.media_type,
    bytes: row.bytes,
    sha256: row.sha256,
    position: row.position,
    createdAt: (row.created_at as Date).toISOString(),
  });
}
