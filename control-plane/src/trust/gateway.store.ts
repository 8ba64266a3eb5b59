/** Gateways' certificates, and what each gateway says of itself. */
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** A certificate of a gateway, to be kept. */
export interface NewGatewayCertificate {
  readonly serial: string;
  readonly caId: string;
  readonly certificatePem: string;
  readonly notAfter: Date;
}

/** What a gateway has loaded and presents. */
export interface GatewayReport {
  readonly rev: number;
  readonly presentedCa: string | null;
  /** The newest CA of which it holds a certificate. */
  readonly readyCa: string | null;
}

const addGatewayCertificate = sql<never, [serial: string, ca: string, pem: string, notAfter: Date]>(
  'addGatewayCertificate',
  `INSERT INTO gateway_certificate (serial, ca_id, certificate_pem, not_after) VALUES ($1, $2, $3, $4)`,
);

const reportGateway = sql<never, [id: string, rev: number, presented: string | null, ready: string | null]>(
  'reportGateway',
  `UPDATE gateway SET trust_rev = $2, presented_ca_id = $3, ready_ca_id = $4 WHERE id = $1`,
);

export async function insertGatewayCertificate(tx: Transaction, row: NewGatewayCertificate): Promise<void> {
  await tx.execute(addGatewayCertificate(row.serial, row.caId, row.certificatePem, row.notAfter));
}

/** Keeps what a gateway says; false when its row is gone. */
export async function saveReport(db: Queryable, id: string, report: GatewayReport): Promise<boolean> {
  return (await db.execute(reportGateway(id, report.rev, report.presentedCa, report.readyCa))) === 1;
}
