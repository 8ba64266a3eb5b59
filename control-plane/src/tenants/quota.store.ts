/** What is asked of quotas while jobs are submitted, claimed and recorded, and agents join. */
import { sql, type Queryable, type Transaction } from '../platform/database/index.ts';

/** A tenant that is not active, or that has a quota which is looked at here. */
export interface Standing {
  readonly tenant: string;
  readonly active: boolean;
  readonly concurrentJobs: number | null;
  readonly queuedJobs: number | null;
  readonly storedBytes: number | null;
}

const standings = sql<Standing, [limit: number]>(
  'tenantStandings',
  `SELECT coalesce(q.tenant_id, t.id) AS tenant, t.id IS NULL AS active, q.concurrent_jobs AS "concurrentJobs",
     q.queued_jobs AS "queuedJobs", q.stored_bytes AS "storedBytes"
   FROM tenant_quota q FULL JOIN (SELECT id FROM tenant WHERE state <> 'active') t ON t.id = q.tenant_id LIMIT $1`,
  { idempotent: true },
);

// Claims take turns by this row, and none waits for another one: whoever does not get it looks again. In one order.
const takeTurns = sql<{ tenant: string }, [tenants: string[]]>(
  'takeQuotaTurns',
  `SELECT tenant_id AS tenant FROM tenant_quota WHERE tenant_id = ANY ($1) AND concurrent_jobs IS NOT NULL
   ORDER BY tenant_id FOR UPDATE SKIP LOCKED`,
);

// A statement of its own after the turn was got: its snapshot has the leases of whoever had the turn before. A lease is an
// attempt that may act; they are counted in the primary key, as many as the quota is large.
const roomOf = sql<{ tenant: string; room: number }, [tenants: string[]]>(
  'roomOfQuotas',
  `SELECT q.tenant_id AS tenant, q.concurrent_jobs - (
     SELECT count(*)::int FROM job_lease l WHERE l.tenant_id = q.tenant_id) AS room
   FROM tenant_quota q WHERE q.tenant_id = ANY ($1) AND q.concurrent_jobs IS NOT NULL`,
);

// In the transaction that adds an agent: those that join at once take turns, so that the count holds.
const agentsQuota = sql<{ quota: number | null }, [tenant: string]>(
  'holdAgentsQuota',
  `SELECT agents AS quota FROM tenant_quota WHERE tenant_id = $1 FOR UPDATE`,
);

const tenantState = sql<{ state: string }, [tenant: string]>(
  'stateOfTenant',
  `SELECT state FROM tenant WHERE id = $1 FOR KEY SHARE`,
);

const agentsOf = sql<{ n: number }, [tenant: string]>(
  'countAgentsOfTenant',
  `SELECT count(*)::int AS n FROM agent WHERE tenant_id = $1 AND state <> 'decommissioned' AND left_at IS NULL`,
  { idempotent: true },
);

const agentsAndQuota = sql<{ quota: number | null; used: number }, [tenant: string]>(
  'agentsAgainstQuota',
  `SELECT (SELECT agents FROM tenant_quota WHERE tenant_id = $1) AS quota,
     (SELECT count(*)::int FROM agent WHERE tenant_id = $1 AND state <> 'decommissioned' AND left_at IS NULL) AS used`,
  { idempotent: true },
);

const leasesOf = sql<{ n: number }, [tenant: string]>(
  'countLeasesOfTenant',
  `SELECT count(*)::int AS n FROM job_lease WHERE tenant_id = $1`,
  { idempotent: true },
);

// Each table's own index of (tenant, job), no further than the limit.
const queuedOf = sql<{ n: number }, [tenant: string, limit: number]>(
  'countQueuedOfTenant',
  `SELECT ((SELECT count(*) FROM (SELECT FROM job_ready WHERE tenant_id = $1 LIMIT $2) r)
     + (SELECT count(*) FROM (SELECT FROM job_waiting WHERE tenant_id = $1 LIMIT $2) w))::int AS n`,
  { idempotent: true },
);

const storedOf = sql<{ n: number }, [tenant: string]>(
  'countStoredOfTenant',
  `SELECT coalesce(sum(bytes), 0)::bigint AS n FROM artifact WHERE tenant_id = $1`,
  { idempotent: true },
);

const holdingOf = sql<{ active: boolean; limit: number | null; used: number }, [tenant: string]>(
  'holdingOfTenant',
  `SELECT t.state = 'active' AS active, q.concurrent_jobs AS limit,
     (SELECT count(*)::int FROM job_lease l WHERE l.tenant_id = t.id) AS used
   FROM tenant t LEFT JOIN tenant_quota q ON q.tenant_id = t.id WHERE t.id = $1`,
  { idempotent: true },
);

/** Whether a tenant acts, how many of its jobs may run at once, and how many do. */
export async function findHolding(
  db: Queryable,
  tenant: string,
): Promise<{ readonly active: boolean; readonly limit: number | null; readonly used: number } | null> {
  return (await db.query(holdingOf(tenant)))[0] ?? null;
}

/** Tenants that are not active or have a row of quotas. */
export function listStandings(db: Queryable, limit: number): Promise<Standing[]> {
  return db.query(standings(limit));
}

/** Of `tenants`, whose turn was got, and how many more jobs of each with a limit may begin; one that has none is in neither. */
export async function takeRoom(
  tx: Queryable,
  tenants: readonly string[],
): Promise<{ readonly got: ReadonlySet<string>; readonly room: ReadonlyMap<string, number> }> {
  // In this order, and in one flight.
  const [turns, rooms] = await Promise.all([tx.query(takeTurns([...tenants])), tx.query(roomOf([...tenants]))]);
  return {
    got: new Set(turns.map(({ tenant }) => tenant)),
    room: new Map(rooms.map(({ tenant, room }) => [tenant, room])),
  };
}

/** The quota of agents, held until the transaction ends; null when there is none. */
export async function holdQuotaOfAgents(tx: Transaction, tenant: string): Promise<number | null> {
  return (await tx.query(agentsQuota(tenant)))[0]?.quota ?? null;
}

/** How the tenant stands; it does not vanish before the transaction ends. */
export async function holdState(tx: Transaction, tenant: string): Promise<string | null> {
  return (await tx.query(tenantState(tenant)))[0]?.state ?? null;
}

/** The quota of agents, null when there is none, and what is used of it. */
export async function agentsAgainstQuota(
  db: Queryable,
  tenant: string,
): Promise<{ readonly quota: number | null; readonly used: number }> {
  return (await db.query(agentsAndQuota(tenant)))[0]!;
}

export async function countAgents(db: Queryable, tenant: string): Promise<number> {
  return (await db.query(agentsOf(tenant)))[0]!.n;
}

/** Jobs that agents have. */
export async function countRunning(db: Queryable, tenant: string): Promise<number> {
  return (await db.query(leasesOf(tenant)))[0]!.n;
}

/** Jobs that wait, counted up to about `limit`. */
export async function countQueued(db: Queryable, tenant: string, limit: number): Promise<number> {
  return (await db.query(queuedOf(tenant, limit)))[0]!.n;
}

/** Bytes of artifacts. */
export async function countStored(db: Queryable, tenant: string): Promise<number> {
  return (await db.query(storedOf(tenant)))[0]!.n;
}
