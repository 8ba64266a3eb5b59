/**
 * The installation's roots and CAs. A CA's key stands here sealed under the master key, never in the clear.
 *
 * Invariant: of a kind (and tenant) at most one CA is active: a unique index decides between replicas that start at once.
 */
import type { CaKind } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

/** A CA as it is kept. */
export interface CaRow {
  readonly id: string;
  readonly kind: CaKind;
  /** Null for what belongs to the installation. */
  readonly tenant: string | null;
  /** Key identifier, hex: what the certificates it signed call their issuer. */
  readonly keyId: string;
  readonly certificatePem: string;
  /** Null once a root was taken offline. */
  readonly sealedKey: string | null;
  readonly notAfter: Date;
}

interface Row extends Omit<CaRow, 'sealedKey'> {
  readonly sealedKey: Buffer | null;
}

const activeCa = sql<Row, [kind: CaKind, tenant: string]>(
  'activeCa',
  `SELECT id, kind, tenant_id AS tenant, key_id AS "keyId", certificate_pem AS "certificatePem",
     sealed_key AS "sealedKey", not_after AS "notAfter"
   FROM certificate_authority WHERE kind = $1 AND coalesce(tenant_id, '') = $2 AND state = 'active'`,
  { idempotent: true },
);

// DO NOTHING: of two replicas that make the same CA at once, the index lets one win; the other reads the winner's.
const addActiveCa = sql<
  never,
  [id: string, tenant: string | null, kind: CaKind, keyId: string, pem: string, sealed: Buffer, notAfter: Date]
>(
  'addActiveCa',
  `INSERT INTO certificate_authority (id, tenant_id, kind, state, key_id, certificate_pem, sealed_key, not_after, issuer_id)
   VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, (
     SELECT id FROM certificate_authority r
     WHERE r.state = 'active' AND r.kind = CASE $3 WHEN 'server_ca' THEN 'server_root' WHEN 'agent_ca' THEN 'agent_root' END))
   ON CONFLICT (kind, coalesce(tenant_id, '')) WHERE state = 'active' DO NOTHING`,
);

const trustedCas = sql<{ pem: string }, [kind: CaKind, now: Date]>(
  'trustedCas',
  `SELECT certificate_pem AS pem FROM certificate_authority
   WHERE kind = $1 AND state <> 'retired' AND not_after > $2 ORDER BY created_at, id`,
  { idempotent: true },
);

/** The active CA of a kind; `tenant` only for agent CAs. */
export async function findActiveCa(db: Queryable, kind: CaKind, tenant: string | null): Promise<CaRow | null> {
  const [row] = await db.query(activeCa(kind, tenant ?? ''));
  return row ? { ...row, sealedKey: row.sealedKey?.toString('utf8') ?? null } : null;
}

/** Makes `row` the active CA of its kind; false when there is one already. */
export async function insertActiveCa(tx: Queryable, row: CaRow & { readonly sealedKey: string }): Promise<boolean> {
  const { id, tenant, kind, keyId, certificatePem, sealedKey, notAfter } = row;
  const added = addActiveCa(id, tenant, kind, keyId, certificatePem, Buffer.from(sealedKey, 'utf8'), notAfter);
  return (await tx.execute(added)) === 1;
}

/** Certificates of a kind that verifiers trust, oldest first: also of a CA that stands by, before anything presents it. */
export async function listTrustedCas(db: Queryable, kind: CaKind, now: Date): Promise<string[]> {
  return (await db.query(trustedCas(kind, now))).map((row) => row.pem);
}
