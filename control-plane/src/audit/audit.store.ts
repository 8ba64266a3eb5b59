/**
 * The audit log: what people and keys did, written in the transaction that did it. Append-only.
 *
 * Invariant: `detail` carries no secret; callers pass ids and settings, never tokens, passwords or inputs.
 */
import { sql, type Queryable } from '../platform/database/index.ts';

/** The log of what belongs to the installation, in the place of a tenant. */
export const INSTALLATION = '_installation';

export interface AuditEntry {
  readonly tenant: string;
  /** `account:<id>`, `key:<id>`, `agent:<id>` or `system`. */
  readonly actor: string;
  /** `noun.verb`, such as `workflow.pushed`. */
  readonly action: string;
  /** What it was done to, such as `workflow:<id>`. */
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

const appendAudit = sql<never, [tenant: string, actor: string, action: string, subject: string, detail: string]>(
  'appendAudit',
  `INSERT INTO audit_event (tenant_id, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)`,
);

/** Appends within `tx`: the entry exists exactly if the change does. */
export async function append(tx: Queryable, entry: AuditEntry): Promise<void> {
  const { tenant, actor, action, subject, detail = {} } = entry;
  await tx.execute(appendAudit(tenant, actor, action, subject, JSON.stringify(detail)));
}
