/** Agents' certificates as people see and revoke them. */
import type { Certificate, CertificateState } from '@casare/shared/api';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** Where a page goes on: after this certificate. */
export interface CertificateCursor {
  /** When it was recorded, microseconds since 1970: what the database orders by. */
  readonly micros: number;
  readonly serial: string;
}

export interface CertificateFilter {
  readonly agent?: string | undefined;
  readonly state?: CertificateState | undefined;
}

interface Row extends Omit<Certificate, 'notAfter' | 'createdAt' | 'revokedAt'> {
  readonly notAfter: Date;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  readonly micros: number;
}

const VIEW = `SELECT c.serial, c.agent_id AS "agentId", a.name AS "agentName", c.state, c.generation,
    c.ca_id AS authority, c.not_after AS "notAfter", c.created_at AS "createdAt", c.revoked_at AS "revokedAt",
    c.revoked_why AS "revokedWhy", c.certificate_pem AS "certificatePem",
    (extract(epoch FROM c.created_at) * 1000000)::bigint AS micros
  FROM agent_certificate c JOIN agent a ON a.tenant_id = c.tenant_id AND a.id = c.agent_id`;

const certificatePage = listSql<
  Row,
  [
    tenant: string,
    agent: string | null,
    state: CertificateState | null,
    micros: number | null,
    serial: string,
    limit: number,
  ]
>(
  'certificatePage',
  ({
    order,
    beyond,
  }) => `${VIEW} WHERE c.tenant_id = $1 AND ($2::uuid IS NULL OR c.agent_id = $2) AND ($3::text IS NULL OR c.state = $3)
     AND ($4::bigint IS NULL
       OR (c.created_at, c.serial) ${beyond} (timestamptz 'epoch' + $4::bigint * interval '1 microsecond', $5))
   ORDER BY c.created_at ${order}, c.serial ${order} LIMIT $6`,
);

const certificateBySerial = sql<Row, [tenant: string, serial: string]>(
  'certificateBySerial',
  `${VIEW} WHERE c.tenant_id = $1 AND c.serial = $2`,
  { idempotent: true },
);

// A revoked one stays as it is: who revoked it first, and why, is what counts.
const revokeOne = sql<never, [tenant: string, serial: string, at: Date, why: string]>(
  'revokeCertificate',
  `UPDATE agent_certificate SET state = 'revoked', revoked_at = $3, revoked_why = $4
   WHERE tenant_id = $1 AND serial = $2 AND state <> 'revoked'`,
);

/** By age. */
export async function list(
  db: Queryable,
  tenant: string,
  { agent, state }: CertificateFilter,
  after: CertificateCursor | null,
  { ascending, limit }: { readonly ascending: boolean; readonly limit: number },
): Promise<{ view: Certificate; cursor: CertificateCursor }[]> {
  const from = [after?.micros ?? null, after?.serial ?? ''] as const;
  const page = certificatePage(ascending)(tenant, agent ?? null, state ?? null, ...from, limit);
  return (await db.query(page)).map((row) => ({
    view: viewOf(row),
    cursor: { micros: row.micros, serial: row.serial },
  }));
}

export async function find(db: Queryable, tenant: string, serial: string): Promise<Certificate | null> {
  const [row] = await db.query(certificateBySerial(tenant, serial));
  return row ? viewOf(row) : null;
}

/** False for one that was revoked already. */
export async function revoke(tx: Transaction, tenant: string, serial: string, at: Date, why: string): Promise<boolean> {
  return (await tx.execute(revokeOne(tenant, serial, at, why))) === 1;
}

function viewOf({ micros: _, ...row }: Row): Certificate {
  return {
    ...row,
    notAfter: row.notAfter.toISOString(),
    createdAt: row.createdAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
