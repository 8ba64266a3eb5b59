/** Closures as they are kept: what gets no new jobs, and when. See `closures.service.ts`. */
import type { ClosureRequest, ClosureTimes, RouteView } from '@casare/shared/api';
import { listSql, sql, type Queryable } from '../platform/database/index.ts';

export type ClosureScope = ClosureRequest['scope'];

/** A closure as it stands in the table. */
export interface KeptClosure {
  readonly tenant: string;
  readonly id: string;
  readonly scope: ClosureScope;
  readonly target: string;
  readonly reason: string;
  readonly times: ClosureTimes;
  readonly createdBy: string;
  readonly createdAt: Date;
}

const COLUMNS = `tenant_id AS tenant, id, scope, target, reason, times, created_by AS "createdBy", created_at AS "createdAt"`;

const closuresOf = sql<KeptClosure, [tenant: string, limit: number]>(
  'closuresOf',
  `SELECT ${COLUMNS} FROM closure WHERE tenant_id = $1 ORDER BY created_at DESC, id LIMIT $2`,
  { idempotent: true },
);

// A closure of a route counts for a route of its own tenant only. Those that are over are left out.
const closuresOfAll = sql<Pick<KeptClosure, 'tenant' | 'scope' | 'target' | 'times'>, [limit: number]>(
  'closuresOfAll',
  `SELECT c.tenant_id AS tenant, c.scope, c.target, c.times FROM closure c
   WHERE (c.scope <> 'route' OR EXISTS (SELECT FROM route r WHERE r.id::text = c.target AND r.tenant_id = c.tenant_id))
     AND NOT (c.kind = 'once' AND (c.times->>'to')::timestamptz <= clock_timestamp() - interval '1 day')
   ORDER BY c.created_at LIMIT $1`,
  { idempotent: true },
);

// One statement: of two that meet at the bound both may pass, which does no harm.
const addClosure = sql<
  KeptClosure,
  [
    tenant: string,
    id: string,
    scope: ClosureScope,
    target: string,
    reason: string,
    kind: string,
    times: string,
    by: string,
    most: number,
  ]
>(
  'addClosure',
  `INSERT INTO closure (tenant_id, id, scope, target, reason, kind, times, created_by)
   SELECT $1, $2, $3, $4, $5, $6, $7::jsonb, $8 WHERE (SELECT count(*) FROM closure WHERE tenant_id = $1) < $9
   RETURNING ${COLUMNS}`,
);

const removeClosure = sql<KeptClosure, [tenant: string, id: string]>(
  'removeClosure',
  `DELETE FROM closure WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
);

const openAlways = sql<never, [tenant: string, scope: ClosureScope, target: string]>(
  'openAlways',
  `DELETE FROM closure WHERE tenant_id = $1 AND scope = $2 AND target = $3 AND kind = 'always'`,
);

// Counted by the ready queue's primary key, each up to the bound.
const routeViews = listSql<
  RouteView,
  [tenant: string, id: string | null, most: number, limit: number, site: string | null, beyond: string | null]
>(
  'routeViews',
  ({ order, beyond }) => `SELECT r.id::text AS id, r.slot, r.site, r.capabilities, EXISTS (
     SELECT FROM closure c WHERE c.tenant_id = $1 AND c.scope = 'route' AND c.target = r.id::text AND c.kind = 'always'
   ) AS paused, (SELECT count(*)::int FROM (SELECT FROM job_ready q WHERE q.route_id = r.id LIMIT $3) q) AS ready
   FROM route r WHERE r.tenant_id = $1 AND ($2::bigint IS NULL OR r.id = $2) AND ($5::text IS NULL OR r.site = $5)
     AND ($6::bigint IS NULL OR r.id ${beyond} $6) ORDER BY r.id ${order} LIMIT $4`,
);

/** The tenant's, newest first. */
export function listClosures(db: Queryable, tenant: string, limit: number): Promise<KeptClosure[]> {
  return db.query(closuresOf(tenant, limit));
}

/** Every tenant's that may close something now or later. */
export function listAllClosures(
  db: Queryable,
  limit: number,
): Promise<Pick<KeptClosure, 'tenant' | 'scope' | 'target' | 'times'>[]> {
  return db.query(closuresOfAll(limit));
}

/** Null when the tenant has `most`. Throws a unique violation of `closure_always`. */
export async function insertClosure(
  tx: Queryable,
  key: { readonly tenant: string; readonly id: string; readonly by: string },
  { scope, target, reason, times }: ClosureRequest,
  most: number,
): Promise<KeptClosure | null> {
  const { tenant, id, by } = key;
  const added = addClosure(tenant, id, scope, target, reason, times.kind, JSON.stringify(times), by, most);
  return (await tx.query(added))[0] ?? null;
}

/** The one that was removed. */
export async function deleteClosure(tx: Queryable, tenant: string, id: string): Promise<KeptClosure | null> {
  return (await tx.query(removeClosure(tenant, id)))[0] ?? null;
}

/** Removes what holds until it is opened again; whether there was one. */
export async function deleteAlways(
  tx: Queryable,
  tenant: string,
  scope: ClosureScope,
  target: string,
): Promise<boolean> {
  return (await tx.execute(openAlways(tenant, scope, target))) > 0;
}

/** A route of the tenant. */
export async function viewRoute(db: Queryable, tenant: string, id: string, ready: number): Promise<RouteView | null> {
  return (await db.query(routeViews(false)(tenant, id, ready, 1, null, null)))[0] ?? null;
}

/** The tenant's routes by their ids, beyond `beyond`; jobs that wait are counted up to `ready`. */
export function viewRoutes(
  db: Queryable,
  tenant: string,
  site: string | null,
  page: { readonly beyond: string | null; readonly ascending: boolean; readonly limit: number; readonly ready: number },
): Promise<RouteView[]> {
  return db.query(routeViews(page.ascending)(tenant, null, page.ready, page.limit, site, page.beyond));
}
