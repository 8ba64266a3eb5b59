/** What stands before a job on its route, and how quickly the route got on lately. Both are bounded looks, not counts of all. */
import { sql, type Queryable } from '../platform/database/index.ts';
import type { Backlog } from './forecast.decision.ts';

/** Jobs counted before one; from here on it is "or more". */
export const AHEAD = 10_000;
/** Jobs of all tenants counted at most. */
const READY = 100_000;
/** The newest endings of the tenant that are looked at. */
const ENDINGS = 5_000;

// A range scan of the ready queue's primary key, up to the bound.
const jobsAhead = sql<{ route_id: number; ahead: number }, [tenant: string, job: string, most: number]>(
  'jobsAhead',
  `SELECT r.route_id, (
     SELECT count(*)::int FROM (
       SELECT FROM job_ready b WHERE b.route_id = r.route_id AND (b.rank, b.seq) < (r.rank, r.seq) LIMIT $3
     ) before
   ) AS ahead
   FROM job_ready r WHERE r.tenant_id = $1 AND r.job_id = $2`,
  { idempotent: true },
);

const readyJobs = sql<{ ready: number }, [most: number]>(
  'readyJobs',
  'SELECT count(*)::int AS ready FROM (SELECT FROM job_ready LIMIT $1) r',
  { idempotent: true },
);

// The newest events by their primary key, as many rows as it takes; each ending's job is found by its own.
const routeEndings = sql<{ endings: number; span_ms: number | null }, [tenant: string, route: number, endings: number]>(
  'routeEndings',
  `SELECT count(*)::int AS endings,
     (extract(epoch FROM clock_timestamp() - min(e.at)) * 1000)::float8 AS span_ms
   FROM (
     SELECT l.at, c.job_id FROM live_event l CROSS JOIN LATERAL unnest(l.jobs) AS c(job_id)
     WHERE l.tenant_id = $1 AND l.body->>'type' = 'job.changed' AND (l.body->>'attempt')::int > 0
       AND l.body->>'state' IN ('succeeded', 'failed', 'timed_out', 'cancelled', 'needs_review')
     ORDER BY l.xid DESC, l.id DESC LIMIT $3
   ) e JOIN job j ON j.tenant_id = $1 AND j.id = e.job_id
   WHERE j.route_id = $2`,
  { idempotent: true },
);

/** The job's place in the queue and its route's recent endings; null when it is not in the queue. */
export async function findBacklog(
  db: Queryable,
  tenant: string,
  jobId: string,
): Promise<(Backlog & { readonly routeId: number }) | null> {
  const [place] = await db.query(jobsAhead(tenant, jobId, AHEAD));
  if (!place) return null;
  const [recent] = await db.query(routeEndings(tenant, place.route_id, ENDINGS));
  return { routeId: place.route_id, ahead: place.ahead, endings: recent?.endings ?? 0, spanMs: recent?.span_ms ?? 0 };
}

/** Jobs of all tenants that an agent may take now, counted up to 100,000. */
export async function countReady(db: Queryable): Promise<number> {
  const [row] = await db.query(readyJobs(READY));
  return row?.ready ?? 0;
}
