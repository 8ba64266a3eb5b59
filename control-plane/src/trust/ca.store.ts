/**
 * The installation's roots and CAs. A CA's key stands here sealed under the master key, never in the clear.
 *
 * Invariant: of a kind (and tenant) at most one CA is active: a unique index decides between replicas that start at once.
 */
import type { CaKind, CaState } from '@casare/shared/api';
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** A CA as it is kept. */
export interface CaRow {
  readonly id: string;
  readonly kind: CaKind;
  /** Null for what belongs to the installation. */
  readonly tenant: string | null;
  readonly state: CaState;
  /** Key identifier, hex: what the certificates it signed call their issuer. */
  readonly keyId: string;
  readonly certificatePem: string;
  /** Null once a root was taken offline. */
  readonly sealedKey: string | null;
  readonly notAfter: Date;
  /** Null for roots. */
  readonly issuerId: string | null;
}

/** A CA to be kept. */
export interface NewCa extends Omit<CaRow, 'state' | 'sealedKey'> {
  readonly sealedKey: string;
  /** A root's key, certified by the root before it. */
  readonly cross?: { readonly pem: string; readonly issuerId: string } | undefined;
}

/** What a gateway needs of the server CA that it presents. */
export interface GatewayCaRow extends CaRow {
  readonly rootPem: string;
  /** The root's key certified by the root before it, and that root, while it has not ended. */
  readonly crossPem: string | null;
  readonly crossRootPem: string | null;
}

type Row<T extends CaRow = CaRow> = Omit<T, 'sealedKey'> & { readonly sealedKey: Buffer | null };

const COLUMNS = `c.id, c.kind, c.tenant_id AS tenant, c.state, c.key_id AS "keyId", c.certificate_pem AS "certificatePem",
  c.sealed_key AS "sealedKey", c.not_after AS "notAfter", c.issuer_id AS "issuerId"`;

const activeCa = sql<Row, [kind: CaKind, tenant: string]>(
  'activeCa',
  `SELECT ${COLUMNS} FROM certificate_authority c
   WHERE c.kind = $1 AND coalesce(c.tenant_id, '') = $2 AND c.state = 'active'`,
  { idempotent: true },
);

const caById = sql<Row, [id: string]>('caById', `SELECT ${COLUMNS} FROM certificate_authority c WHERE c.id = $1`, {
  idempotent: true,
});

const gatewayCa = sql<Row<GatewayCaRow>, [id: string, now: Date]>(
  'gatewayCa',
  `SELECT ${COLUMNS}, r.certificate_pem AS "rootPem", x.certificate_pem AS "crossRootPem",
     CASE WHEN x.id IS NOT NULL THEN r.cross_pem END AS "crossPem"
   FROM certificate_authority c JOIN certificate_authority r ON r.id = c.issuer_id
   LEFT JOIN certificate_authority x ON x.id = r.cross_issuer_id AND x.not_after > $2
   WHERE c.id = $1`,
  { idempotent: true },
);

// Shared: making a CA goes beside other work, but not beside a move of trust, which may take its issuer out.
const holdTrust = sql<never, []>('holdTrust', 'SELECT FROM trust_state FOR SHARE');

type CaValues = [
  id: string,
  tenant: string | null,
  kind: CaKind,
  keyId: string,
  pem: string,
  sealed: Buffer,
  notAfter: Date,
  issuer: string | null,
  crossPem: string | null,
  crossIssuer: string | null,
];

const INSERT = `INSERT INTO certificate_authority
  (id, tenant_id, kind, key_id, certificate_pem, sealed_key, not_after, issuer_id, cross_pem, cross_issuer_id, state)`;

// DO NOTHING: of two replicas that make the same CA at once, the index lets one win; the other reads the winner's.
const addActiveCa = sql<never, CaValues>(
  'addActiveCa',
  `${INSERT}
   SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'active'
   WHERE $8::uuid IS NULL OR EXISTS (SELECT FROM certificate_authority WHERE id = $8 AND state = 'active')
   ON CONFLICT (kind, coalesce(tenant_id, '')) WHERE state = 'active' DO NOTHING`,
);

const addStandbyCa = sql<never, CaValues>(
  'addStandbyCa',
  `${INSERT} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'standby')`,
);

const trustedCas = sql<{ pem: string }, [kind: CaKind, now: Date]>(
  'trustedCas',
  `SELECT certificate_pem AS pem FROM certificate_authority
   WHERE kind = $1 AND state <> 'retired' AND not_after > $2 ORDER BY created_at, id`,
  { idempotent: true },
);

// A root that went out by a planned rotation: a handshake below it succeeds, so that admission can tell the agent to
// renew. Admission refuses everything below it, whatever TLS says. 400 days: longer than any renewal after expiry.
const recalledRoots = sql<{ pem: string }, [now: Date]>(
  'recalledRoots',
  `SELECT c.certificate_pem AS pem FROM certificate_authority c
   WHERE c.kind = 'agent_root' AND c.state = 'retired' AND c.not_after > $1 AND EXISTS (
     SELECT FROM ca_rotation r WHERE r.kind = 'agent_root' AND NOT r.emergency
       AND c.id IN (r.old_id, r.new_id) AND r.phase_since > $1 - interval '400 days')
   ORDER BY c.created_at, c.id`,
  { idempotent: true },
);

const outgoingAgentCas = sql<{ id: string }, []>(
  'outgoingAgentCas',
  `SELECT id FROM certificate_authority WHERE kind = 'agent_ca' AND state = 'outgoing' ORDER BY id`,
  { idempotent: true },
);

/** The active CA of a kind; `tenant` only for agent CAs. */
export async function findActiveCa(db: Queryable, kind: CaKind, tenant: string | null): Promise<CaRow | null> {
  const [row] = await db.query(activeCa(kind, tenant ?? ''));
  return row ? opened(row) : null;
}

export async function findCa(db: Queryable, id: string): Promise<CaRow | null> {
  const [row] = await db.query(caById(id));
  return row ? opened(row) : null;
}

/** A server CA with what stands above it. */
export async function findGatewayCa(db: Queryable, id: string, now: Date): Promise<GatewayCaRow | null> {
  const [row] = await db.query(gatewayCa(id, now));
  return row ? opened(row) : null;
}

/** Makes `row` the active CA of its kind; false when there is one already, or when its issuer signs no more. */
export async function insertActiveCa(tx: Transaction, row: NewCa): Promise<boolean> {
  await tx.query(holdTrust());
  return (await tx.execute(addActiveCa(...valuesOf(row)))) === 1;
}

/** Keeps `row` as a CA that stands by. */
export async function insertStandbyCa(tx: Transaction, row: NewCa): Promise<void> {
  await tx.execute(addStandbyCa(...valuesOf(row)));
}

/** Certificates of a kind that verifiers trust, oldest first: also of a CA that stands by, before anything presents it. */
export async function listTrustedCas(db: Queryable, kind: CaKind, now: Date): Promise<string[]> {
  return (await db.query(trustedCas(kind, now))).map((row) => row.pem);
}

/** Retired agent roots below which a handshake may still succeed, to be refused by admission with a reason. */
export async function listRecalledRoots(db: Queryable, now: Date): Promise<string[]> {
  return (await db.query(recalledRoots(now))).map((row) => row.pem);
}

function opened<T extends CaRow>(row: Row<T>): T {
  return { ...row, sealedKey: row.sealedKey?.toString('utf8') ?? null } as unknown as T;
}

function valuesOf(row: NewCa): CaValues {
  const { id, tenant, kind, keyId, certificatePem, sealedKey, notAfter, issuerId, cross } = row;
  const sealed = Buffer.from(sealedKey, 'utf8');
  const crossed = [cross?.pem ?? null, cross?.issuerId ?? null] as const;
  return [id, tenant, kind, keyId, certificatePem, sealed, notAfter, issuerId, ...crossed];
}

/** Agent CAs that sign no more and are still accepted. */
export async function listOutgoingAgentCas(db: Queryable): Promise<string[]> {
  return (await db.query(outgoingAgentCas())).map(({ id }) => id);
}
