/** Tenants as rows: how they stand, their quotas and retention. For operators of the platform; see `quota.store.ts` for what asks often. */
import type { Quotas, Retention, TenantState } from '@casare/shared/api';
import { sourcesOf } from '@casare/shared/lifecycle';
import { listSql, sql, type Queryable, type Transaction } from '../platform/database/index.ts';
import { TENANT, type TenantEvent } from './tenant.lifecycle.ts';

export interface TenantRow extends Quotas, Retention {
  readonly id: string;
  readonly name: string;
  readonly state: TenantState;
  readonly stateSince: Date;
  readonly stateReason: string;
  readonly createdAt: Date;
  readonly operator: boolean;
}

const COLUMNS = `t.id, t.name, t.state, t.state_since AS "stateSince", t.state_reason AS "stateReason",
  t.created_at AS "createdAt", t.operator, q.agents, q.concurrent_jobs AS "concurrentJobs", q.queued_jobs AS "queuedJobs",
  q.stored_bytes AS "storedBytes", r.jobs_days AS "jobsDays", r.logs_days AS "logsDays", r.artifacts_days AS "artifactsDays"`;
const FROM = `FROM tenant t LEFT JOIN tenant_quota q ON q.tenant_id = t.id LEFT JOIN tenant_retention r ON r.tenant_id = t.id`;

const tenantPage = listSql<TenantRow, [beyond: string | null, limit: number, text: string | null]>(
  'tenantPage',
  ({ order, beyond }) => `SELECT ${COLUMNS} ${FROM} WHERE ($1::text IS NULL OR t.id ${beyond} $1)
     AND ($3::text IS NULL OR strpos(lower(t.id || ' ' || t.name), lower($3)) > 0) ORDER BY t.id ${order} LIMIT $2`,
);

const tenantById = sql<TenantRow, [id: string]>('tenantById', `SELECT ${COLUMNS} ${FROM} WHERE t.id = $1`, {
  idempotent: true,
});

// Never the operator's: that one is made at the first start.
const addTenant = sql<never, [id: string, name: string, now: Date]>(
  'addTenant',
  `INSERT INTO tenant (id, name, operator, created_at, state_since) VALUES ($1, $2, false, $3, $3) ON CONFLICT (id) DO NOTHING`,
);

// The guard repeats the table, so of two who change it at once one does.
const moveTenant = sql<never, [id: string, to: TenantState, from: TenantState[], reason: string, now: Date]>(
  'moveTenant',
  `UPDATE tenant SET state = $2, state_reason = $4, state_since = $5 WHERE id = $1 AND state = ANY ($3)`,
);

const putQuotas = sql<
  never,
  [id: string, agents: number | null, jobs: number | null, queued: number | null, bytes: number | null]
>(
  'putQuotas',
  `INSERT INTO tenant_quota (tenant_id, agents, concurrent_jobs, queued_jobs, stored_bytes) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (tenant_id) DO UPDATE SET agents = $2, concurrent_jobs = $3, queued_jobs = $4, stored_bytes = $5`,
);

const putRetention = sql<never, [id: string, jobs: number | null, logs: number | null, artifacts: number | null]>(
  'putRetention',
  `INSERT INTO tenant_retention (tenant_id, jobs_days, logs_days, artifacts_days) VALUES ($1, $2, $3, $4)
   ON CONFLICT (tenant_id) DO UPDATE SET jobs_days = $2, logs_days = $3, artifacts_days = $4`,
);

// Who changes a tenant's settings takes turns: each changes what the one before left.
const holdTenant = sql<{ id: string }, [id: string]>(
  'holdTenant',
  `SELECT id FROM tenant WHERE id = $1 FOR NO KEY UPDATE`,
);

/** By id, after `after`. */
export function listTenants(
  db: Queryable,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number },
  text: string | null,
): Promise<TenantRow[]> {
  return db.query(tenantPage(page.ascending)(page.beyond, page.limit, text));
}

export async function findTenant(db: Queryable, id: string): Promise<TenantRow | null> {
  return (await db.query(tenantById(id)))[0] ?? null;
}

/** The tenant, held until the transaction ends. */
export async function holdTenantRow(tx: Transaction, id: string): Promise<TenantRow | null> {
  return (await tx.query(holdTenant(id))).length === 0 ? null : findTenant(tx, id);
}

/** False when the id is taken. */
export async function insertTenant(tx: Transaction, id: string, name: string, now: Date): Promise<boolean> {
  return (await tx.execute(addTenant(id, name, now))) === 1;
}

/** False when its state does not allow it. */
export async function move(
  tx: Transaction,
  id: string,
  event: TenantEvent,
  { to, reason, now }: { readonly to: TenantState; readonly reason: string; readonly now: Date },
): Promise<boolean> {
  return (await tx.execute(moveTenant(id, to, sourcesOf(TENANT, event), reason, now))) === 1;
}

export async function saveQuotas(tx: Transaction, id: string, quotas: Quotas): Promise<void> {
  const { agents, concurrentJobs, queuedJobs, storedBytes } = quotas;
  await tx.execute(putQuotas(id, agents, concurrentJobs, queuedJobs, storedBytes));
}

export async function saveRetention(tx: Transaction, id: string, retention: Retention): Promise<void> {
  const { jobsDays, logsDays, artifactsDays } = retention;
  await tx.execute(putRetention(id, jobsDays, logsDays, artifactsDays));
}
