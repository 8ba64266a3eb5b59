/**
 * The queue on Postgres: the default driver, and the only one that needs nothing else.
 *
 * The claim chooses WITHOUT locks (per route an index range scan of the primary key, merged), then locks only the
 * chosen rows with SKIP LOCKED: locking inside the lateral would lock routes x limit rows. Tenants take turns in it: the
 * best job of each, then the second best of each, so that nobody's million of older jobs keeps another's waiting.
 */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { ReadyPlace, ReadyQueue } from './queue.port.ts';

interface Row {
  readonly route_id: number;
  readonly rank: number;
  readonly seq: number;
  readonly tenant_id: string;
  readonly job_id: string;
}

/** The members of a place are null in the one row that comes when no place was held. */
type HeldRow = { readonly chosen: number } & (Row | { readonly job_id: null });

const holdReady = sql<HeldRow, [routes: number[], wanted: number[], limit: number]>(
  'holdReady',
  `WITH wanted AS (
     SELECT * FROM unnest($1::bigint[], $2::int[]) AS w(route_id, n)
   ), chosen AS (
     SELECT c.route_id, c.rank, c.seq
     FROM wanted CROSS JOIN LATERAL (
       SELECT r.route_id, r.rank, r.seq, r.tenant_id FROM job_ready r
       WHERE r.route_id = wanted.route_id ORDER BY r.rank, r.seq LIMIT wanted.n
     ) c
     ORDER BY row_number() OVER (PARTITION BY c.tenant_id ORDER BY c.rank, c.seq), c.rank, c.seq LIMIT $3
   ), held AS (
     SELECT r.route_id, r.rank, r.seq, r.tenant_id, r.job_id
     FROM job_ready r JOIN chosen USING (route_id, rank, seq)
     FOR UPDATE OF r SKIP LOCKED
   )
   SELECT n.chosen, held.* FROM (SELECT count(*)::int AS chosen FROM chosen) n LEFT JOIN held ON true
   ORDER BY held.rank, held.seq`,
);

const busyRoutes = sql<{ route_id: number }, [routes: number[]]>(
  'busyRoutes',
  `SELECT w.route_id FROM unnest($1::bigint[]) AS w(route_id)
   WHERE EXISTS (SELECT FROM job_ready r WHERE r.route_id = w.route_id)`,
);

const takeReady = sql<never, [routes: number[], ranks: number[], seqs: number[]]>(
  'takeReady',
  `DELETE FROM job_ready r USING unnest($1::bigint[], $2::smallint[], $3::bigint[]) AS t(route_id, rank, seq)
   WHERE r.route_id = t.route_id AND r.rank = t.rank AND r.seq = t.seq`,
);

const removeReady = sql<never, [tenant: string, job: string]>(
  'removeReady',
  `DELETE FROM job_ready WHERE tenant_id = $1 AND job_id = $2`,
);

// A job that is in the queue already keeps its place.
const offerReady = sql<never, [tenant: string, jobs: string[], routes: number[], ranks: number[]]>(
  'offerReady',
  `INSERT INTO job_ready (tenant_id, job_id, route_id, rank)
   SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::smallint[])
   ON CONFLICT (tenant_id, job_id) DO NOTHING`,
);

/** The Postgres driver. */
export const postgresQueue: ReadyQueue = {
  async hold(tx, wanted, limit) {
    const rows = await tx.query(holdReady([...wanted.keys()], [...wanted.values()], limit));
    const places = rows.filter((row) => row.job_id !== null).map(placeOf);
    return { places, missed: (rows[0]?.chosen ?? 0) - places.length };
  },
  async busy(tx, routeIds) {
    if (routeIds.length === 0) return new Set();
    return new Set((await tx.query(busyRoutes([...routeIds]))).map((row) => row.route_id));
  },
  async take(tx: Queryable, places: readonly ReadyPlace[]) {
    if (places.length === 0) return;
    await tx.execute(
      takeReady(
        places.map((place) => place.routeId),
        places.map((place) => place.rank),
        places.map((place) => place.seq),
      ),
    );
  },
  async remove(tx, tenant, jobId) {
    return (await tx.execute(removeReady(tenant, jobId))) === 1;
  },
  async offer(tx, tenant, jobs) {
    if (jobs.length === 0) return;
    await tx.execute(
      offerReady(
        tenant,
        jobs.map((job) => job.jobId),
        jobs.map((job) => job.routeId),
        jobs.map((job) => job.rank),
      ),
    );
  },
};

function placeOf(row: Row): ReadyPlace {
  return { routeId: row.route_id, rank: row.rank, seq: row.seq, tenant: row.tenant_id, jobId: row.job_id };
}
