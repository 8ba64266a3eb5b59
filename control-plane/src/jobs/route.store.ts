/** Routes: requirements interned once, shared by all jobs that need the same. Rows are never changed or deleted. */
import type { SlotKind } from '@casare/shared/protocol';
import { sql, type Queryable } from '../platform/database/index.ts';
import { routeKey, type Route } from './matching.decision.ts';

interface Row {
  readonly id: number;
  readonly tenant_id: string;
  readonly slot: SlotKind;
  readonly site: string | null;
  readonly capabilities: string[];
}

const COLUMNS = 'id, tenant_id, slot, site, capabilities';

const findRoute = sql<Row, [tenant: string, key: string]>(
  'findRoute',
  `SELECT ${COLUMNS} FROM route WHERE tenant_id = $1 AND key = $2`,
);
// DO NOTHING, so that two submits racing for a new route both find one row. Races may pass the bound by a few.
const addRoute = sql<
  Row,
  [tenant: string, slot: string, site: string | null, capabilities: string[], key: string, most: number]
>(
  'addRoute',
  `INSERT INTO route (tenant_id, slot, site, capabilities, key)
   SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM route WHERE tenant_id = $1) < $6
   ON CONFLICT (tenant_id, key) DO NOTHING RETURNING ${COLUMNS}`,
);
const routesAfter = sql<Row, [after: number, limit: number]>(
  'routesAfter',
  `SELECT ${COLUMNS} FROM route WHERE id > $1 ORDER BY id LIMIT $2`,
  { idempotent: true },
);

/** Every replica keeps all routes in memory, and every job may name requirements of its own. */
export const ROUTES_PER_TENANT = 10_000;

/**
 * The route with these requirements, made if it is new; `null` when the tenant has `most` others already. Runs alone,
 * before the submit's transaction.
 */
export async function internRoute(
  db: Queryable,
  tenant: string,
  needs: { slot: SlotKind; site: string | null; capabilities: readonly string[] },
  most = ROUTES_PER_TENANT,
): Promise<Route | null> {
  const key = routeKey(needs.slot, needs.site, needs.capabilities);
  const capabilities = [...new Set(needs.capabilities)].sort();
  const [known] = await db.query(findRoute(tenant, key));
  if (known) return routeOf(known);
  const [added] = await db.query(addRoute(tenant, needs.slot, needs.site, capabilities, key, most));
  const [row] = added ? [added] : await db.query(findRoute(tenant, key));
  return row ? routeOf(row) : null;
}

/** Routes with an id above `after`, oldest first. Ids can commit out of order: rescan from 0 now and then. */
export async function listRoutes(db: Queryable, after: number, limit: number): Promise<Route[]> {
  return (await db.query(routesAfter(after, limit))).map(routeOf);
}

function routeOf(row: Row): Route {
  return { id: row.id, tenant: row.tenant_id, slot: row.slot, site: row.site, capabilities: row.capabilities };
}
