/**
 * Keys that wait for an offline root's signature, and roots whose keys are not here.
 *
 * Every change runs after `move` of `trust-state.store.ts` in the same transaction, whose lock makes changes of trust go one
 * after the other: what is read here holds until COMMIT.
 */
import type { CaKind } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

export interface RequestRow {
  readonly id: string;
  readonly kind: 'server_ca' | 'agent_ca';
  readonly tenant: string | null;
  readonly csrPem: string;
  readonly createdBy: string;
  readonly createdAt: Date;
}

export interface RootRow {
  readonly id: string;
  readonly kind: 'server_root' | 'agent_root';
  readonly certificatePem: string;
  readonly keyId: string;
  /** Null once it was taken offline. */
  readonly sealedKey: string | null;
}

/** A CA that a root outside of this server signed, or such a root. */
export interface ImportedCa {
  readonly id: string;
  readonly kind: CaKind;
  readonly tenant: string | null;
  readonly keyId: string;
  readonly certificatePem: string;
  readonly sealedKey: Buffer | null;
  readonly notAfter: Date;
  readonly issuerId: string | null;
}

const REQUEST = `id, kind, tenant_id AS tenant, csr_pem AS "csrPem", created_by AS "createdBy", created_at AS "createdAt"`;

const addRequest = sql<
  never,
  [id: string, tenant: string | null, kind: string, csr: string, sealed: Buffer, by: string, at: Date]
>(
  'addAuthorityRequest',
  `INSERT INTO authority_request (id, tenant_id, kind, csr_pem, sealed_key, created_by, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7)`,
);

const countRequests = sql<{ n: number }, []>(
  'countAuthorityRequests',
  'SELECT count(*)::int AS n FROM (SELECT FROM authority_request LIMIT 1000) waiting',
);

const listAll = sql<RequestRow, [limit: number]>(
  'listAuthorityRequests',
  `SELECT ${REQUEST} FROM authority_request ORDER BY created_at DESC, id LIMIT $1`,
  { idempotent: true },
);

const takeRequest = sql<RequestRow & { sealedKey: Buffer }, [id: string]>(
  'takeAuthorityRequest',
  `DELETE FROM authority_request WHERE id = $1 RETURNING ${REQUEST}, sealed_key AS "sealedKey"`,
);

// Two imports of one kind are serialised by the move of trust, so only one of them can find no active CA.
const importCa = sql<
  { state: 'active' | 'standby' },
  [
    id: string,
    tenant: string | null,
    kind: CaKind,
    keyId: string,
    pem: string,
    sealed: Buffer | null,
    notAfter: Date,
    issuer: string | null,
  ]
>(
  'importCa',
  `INSERT INTO certificate_authority (id, tenant_id, kind, key_id, certificate_pem, sealed_key, not_after, issuer_id, state)
   SELECT $1, $2::text, $3::text, $4, $5, $6, $7, $8, CASE WHEN EXISTS (
     SELECT FROM certificate_authority WHERE kind = $3 AND tenant_id IS NOT DISTINCT FROM $2 AND state = 'active')
     THEN 'standby' ELSE 'active' END
   RETURNING state`,
);

const rootColumns = `id, kind, certificate_pem AS "certificatePem", key_id AS "keyId",
  convert_from(sealed_key, 'UTF8') AS "sealedKey"`;

// What an outgoing root signed would end with the rotation.
const signingRoots = sql<RootRow, [kind: string]>(
  'signingRoots',
  `SELECT ${rootColumns} FROM certificate_authority WHERE kind = $1 AND state IN ('standby', 'active')`,
  { idempotent: true },
);

const rootById = sql<RootRow, [id: string]>(
  'rootById',
  `SELECT ${rootColumns} FROM certificate_authority
   WHERE id = $1 AND kind IN ('server_root', 'agent_root') AND state <> 'retired'`,
  { idempotent: true },
);

const anyOfKind = sql<{ n: number }, [kind: CaKind]>(
  'anyCaOfKind',
  'SELECT 1 AS n FROM certificate_authority WHERE kind = $1 LIMIT 1',
);

const forgetKey = sql<never, [id: string]>(
  'forgetRootKey',
  'UPDATE certificate_authority SET sealed_key = NULL WHERE id = $1 AND sealed_key IS NOT NULL',
);

const openRotation = sql<{ id: string }, [root: string]>(
  'openRotationOfRoot',
  'SELECT id FROM ca_rotation WHERE ended_at IS NULL AND (old_id = $1 OR new_id = $1) LIMIT 1',
);

const offlineOf = sql<{ id: string }, [ids: string[]]>(
  'offlineAuthorities',
  'SELECT id FROM certificate_authority WHERE id = ANY($1::uuid[]) AND sealed_key IS NULL',
  { idempotent: true },
);

export async function insertRequest(tx: Transaction, row: RequestRow, sealedKey: string): Promise<void> {
  const { id, tenant, kind, csrPem, createdBy, createdAt } = row;
  await tx.execute(addRequest(id, tenant, kind, csrPem, Buffer.from(sealedKey, 'utf8'), createdBy, createdAt));
}

/** How many wait, up to 1,000. */
export async function countWaiting(tx: Transaction): Promise<number> {
  return (await tx.query(countRequests()))[0]?.n ?? 0;
}

/** Newest first. */
export function listRequests(db: Queryable, limit: number): Promise<RequestRow[]> {
  return db.query(listAll(limit));
}

/** Removes a request and gives it, with its sealed key; null when there is none. */
export async function take(tx: Transaction, id: string): Promise<(RequestRow & { sealedKey: Buffer }) | null> {
  return (await tx.query(takeRequest(id)))[0] ?? null;
}

/** Keeps a CA: active when there is none of its kind (and tenant), otherwise it stands by. */
export async function insertImported(tx: Transaction, ca: ImportedCa): Promise<'active' | 'standby'> {
  const { id, tenant, kind, keyId, certificatePem, sealedKey, notAfter, issuerId } = ca;
  const [row] = await tx.query(importCa(id, tenant, kind, keyId, certificatePem, sealedKey, notAfter, issuerId));
  return row!.state;
}

/** Roots below which a new CA may stand. */
export function listSigningRoots(db: Queryable, kind: RootRow['kind']): Promise<RootRow[]> {
  return db.query(signingRoots(kind));
}

/** A root that was not retired. */
export async function findRoot(db: Queryable, id: string): Promise<RootRow | null> {
  return (await db.query(rootById(id)))[0] ?? null;
}

export async function hasKind(db: Queryable, kind: CaKind): Promise<boolean> {
  return (await db.query(anyOfKind(kind))).length > 0;
}

/** Forgets a root's key; false when it was not here. */
export async function removeKey(tx: Transaction, id: string): Promise<boolean> {
  return (await tx.execute(forgetKey(id))) === 1;
}

/** The open rotation from or to a root. */
export async function findOpenRotation(tx: Transaction, root: string): Promise<string | null> {
  return (await tx.query(openRotation(root)))[0]?.id ?? null;
}

/** Which of these have no key here. */
export async function listOffline(db: Queryable, ids: readonly string[]): Promise<string[]> {
  return (await db.query(offlineOf([...ids]))).map(({ id }) => id);
}
