/**
 * The queue on Postgres: the default driver, and the only one that needs nothing else.
 *
 * The claim chooses WITHOUT locks (per route index range scans of the primary key, merged), then locks only the
 * chosen rows with SKIP LOCKED: locking inside the lateral would lock routes x limit rows. Tenants take turns in it: the
 * best job of each, then the second best of each, so that nobody's million of older jobs keeps another's waiting. The
 * scans begin behind the places that are gone for good (`low-water.decision.ts`).
 */
import type { Clock } from '../platform/clock.ts';
import { sql, type Queryable } from '../platform/database/index.ts';
import { LowWaterMarks, type Segment } from './low-water.decision.ts';
import type { ReadyPlace, ReadyQueue } from './queue.port.ts';

interface Row {
  readonly route_id: number;
  readonly rank: number;
  readonly seq: number;
  readonly tenant_id: string;
  readonly job_id: string;
}

/** What the one row without a place says of the look. */
interface Head {
  readonly chosen: number;
  readonly lastSeq: number;
  readonly oldest: string;
  readonly next: string;
  readonly lowest: readonly [routeId: number, rank: number, seq: number][] | null;
}

type HeldRow = (Row & { readonly head: null }) | { readonly head: Head };

type Segments = [routes: number[], fromRanks: number[], afterSeqs: number[], beforeRanks: number[]];

/** The places of segment `s`. */
const OF_SEGMENT =
  'r.route_id = s.route_id AND (r.rank, r.seq) > (s.from_rank, s.after_seq) AND r.rank < s.before_rank';

const holdReady = sql<HeldRow, [...Segments, wanted: number[], limit: number]>(
  'holdReady',
  `WITH seen AS MATERIALIZED (
     SELECT c.*, s.n
     FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::smallint[], $5::int[])
       AS s(route_id, from_rank, after_seq, before_rank, n)
     CROSS JOIN LATERAL (
       SELECT r.route_id, r.rank, r.seq, r.tenant_id FROM job_ready r WHERE ${OF_SEGMENT} ORDER BY r.rank, r.seq LIMIT s.n
     ) c
   ), best AS (
     SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY route_id ORDER BY rank, seq) AS nth FROM seen) each
     WHERE nth <= n
   ), chosen AS (
     SELECT route_id, rank, seq FROM best
     ORDER BY row_number() OVER (PARTITION BY tenant_id ORDER BY rank, seq), rank, seq LIMIT $6
   ), held AS (
     SELECT h.* FROM chosen c CROSS JOIN LATERAL (
       SELECT r.route_id, r.rank, r.seq, r.tenant_id, r.job_id FROM job_ready r
       WHERE r.route_id = c.route_id AND r.rank = c.rank AND r.seq = c.seq FOR UPDATE SKIP LOCKED
     ) h
   )
   SELECT *, NULL::jsonb AS head FROM held
   UNION ALL
   SELECT NULL, NULL, NULL, NULL, NULL, jsonb_build_object(
     'chosen', (SELECT count(*) FROM chosen),
     'lastSeq', coalesce(pg_sequence_last_value('job_ready_seq_seq'), 0),
     'oldest', pg_snapshot_xmin(pg_current_snapshot())::text,
     'next', pg_snapshot_xmax(pg_current_snapshot())::text,
     'lowest', (SELECT jsonb_agg(jsonb_build_array(route_id, rank, seq) ORDER BY route_id, rank)
       FROM (SELECT route_id, rank, min(seq) AS seq FROM seen GROUP BY route_id, rank) l))`,
);

const busyRoutes = sql<{ route_id: number }, Segments>(
  'busyRoutes',
  `SELECT DISTINCT s.route_id
   FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::smallint[]) AS s(route_id, from_rank, after_seq, before_rank)
   CROSS JOIN LATERAL (SELECT FROM job_ready r WHERE ${OF_SEGMENT} LIMIT 1) r`,
  { idempotent: true },
);

const takeReady = sql<never, [tenants: string[], jobs: string[]]>(
  'takeReady',
  `DELETE FROM job_ready r USING unnest($1::text[], $2::uuid[]) AS t(tenant_id, job_id)
   WHERE r.tenant_id = t.tenant_id AND r.job_id = t.job_id AND r.tenant_id = ANY($1) AND r.job_id = ANY($2)`,
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

/** The Postgres driver; each has marks of its own. */
export function postgresQueue(clock: Pick<Clock, 'monotonicMs'>): ReadyQueue {
  const marks = new LowWaterMarks();
  return {
    ...PLACES,
    async hold(tx, wanted, limit) {
      const segments = marks.look(wanted.keys(), clock.monotonicMs());
      const n = segments.map(({ routeId }) => wanted.get(routeId)!);
      const rows = await tx.query(holdReady(...columnsOf(segments), n, limit));
      const { head } = rows.find((row) => row.head !== null) as { head: Head };
      marks.learn(segments, {
        lastSeq: head.lastSeq,
        oldest: BigInt(head.oldest),
        next: BigInt(head.next),
        lowest: (head.lowest ?? []).map(([routeId, rank, seq]) => ({ routeId, rank, seq })),
      });
      const places = rows.filter((row) => row.head === null).map(placeOf);
      return { places: places.sort(bestFirst), missed: head.chosen - places.length };
    },
    async busy(tx, routeIds) {
      if (routeIds.length === 0) return new Set();
      const segments = marks.segments(routeIds);
      return new Set((await tx.query(busyRoutes(...columnsOf(segments)))).map((row) => row.route_id));
    },
  };
}

/** What is done to places that are known. */
const PLACES: Omit<ReadyQueue, 'hold' | 'busy'> = {
  async take(tx: Queryable, places: readonly ReadyPlace[]) {
    if (places.length === 0) return;
    await tx.execute(
      takeReady(
        places.map((place) => place.tenant),
        places.map((place) => place.jobId),
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

function columnsOf(segments: readonly Segment[]): Segments {
  return [
    segments.map(({ routeId }) => routeId),
    segments.map(({ fromRank }) => fromRank),
    segments.map(({ afterSeq }) => afterSeq),
    segments.map(({ beforeRank }) => beforeRank),
  ];
}

function bestFirst(one: ReadyPlace, other: ReadyPlace): number {
  return one.rank - other.rank || one.seq - other.seq;
}

function placeOf(row: Row): ReadyPlace {
  return { routeId: row.route_id, rank: row.rank, seq: row.seq, tenant: row.tenant_id, jobId: row.job_id };
}
