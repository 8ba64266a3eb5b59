/**
 * Submitting: job rows and their places in the ready table (or the waiting room), in the one transaction of the submit.
 *
 * Invariants: a job whose state is `pending` has exactly one row in `job_ready` or `job_waiting`; a job holds its
 * concurrency key from the moment it is ready until it has ended.
 */
import type { JobRetry } from '@casare/shared/workflow';
import { sql, type Queryable, type Statement } from '../platform/database/index.ts';

/** A job as it is inserted. */
export interface NewJob {
  readonly id: string;
  readonly workflowId: string;
  readonly routeId: number;
  readonly priority: number;
  readonly maxAttempts: number;
  /** JSON text. */
  readonly input: string;
  readonly requires: readonly string[];
  readonly site: string | null;
  readonly notBefore: string | null;
  readonly deadline: string | null;
  readonly concurrencyKey: string | null;
  readonly concurrencyLimit: number;
  readonly retry: JobRetry | null;
  readonly timeoutMs: number | null;
  readonly attemptTimeoutMs: number | null;
  readonly createdBy: string;
}

// Jobs of one submit differ in little but their inputs: what they share is sent once, as a kind.
const insertJobs = sql<never, [tenant: string, ids: string[], kinds: number[], inputs: string, of: string]>(
  'insertJobs',
  `INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, max_attempts, input, requires, site,
     not_before, deadline, concurrency_key, concurrency_limit, retry, timeout_ms, attempt_timeout_ms, created_by)
   SELECT $1, j.id, "workflowId", "routeId", 'pending', priority, "maxAttempts", j.input, requires, site,
     "notBefore", deadline, "concurrencyKey", "concurrencyLimit", retry, "timeoutMs", "attemptTimeoutMs", "createdBy"
   FROM ROWS FROM (unnest($2::uuid[]), unnest($3::int[]), jsonb_array_elements($4::jsonb)) AS j(id, kind, input)
   JOIN jsonb_to_recordset($5::jsonb) AS k(kind int, "workflowId" uuid, "routeId" bigint, priority smallint,
     "maxAttempts" integer, requires text[], site text, "notBefore" timestamptz, deadline timestamptz,
     "concurrencyKey" text, "concurrencyLimit" integer, retry jsonb, "timeoutMs" bigint, "attemptTimeoutMs" bigint,
     "createdBy" text) USING (kind)`,
);

const insertDeadlines = sql<never, [tenant: string, ids: string[], deadlines: (string | null)[]]>(
  'insertDeadlines',
  `INSERT INTO job_deadline (tenant_id, job_id, deadline)
   SELECT $1, * FROM unnest($2::uuid[], $3::timestamptz[]) AS j(id, deadline)`,
);

// Plain jobs go straight to the ready table, in the order given (ids rise).
const insertReady = sql<never, [tenant: string, ids: string[], routes: number[], ranks: number[]]>(
  'insertReady',
  `INSERT INTO job_ready (route_id, rank, tenant_id, job_id)
   SELECT route_id, rank, $1, id FROM unnest($2::uuid[], $3::bigint[], $4::smallint[]) AS j(id, route_id, rank)`,
);

// Anything with a condition waits; the promotion that follows moves what may run at once.
const insertWaiting = sql<
  never,
  [
    tenant: string,
    ids: string[],
    routes: number[],
    ranks: number[],
    notBefore: (string | null)[],
    keys: (string | null)[],
    limits: number[],
  ]
>(
  'insertWaiting',
  `INSERT INTO job_waiting (tenant_id, job_id, route_id, rank, not_before, concurrency_key, key_limit)
   SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::smallint[], $5::timestamptz[], $6::text[], $7::int[])`,
);

/** Inserts jobs of one tenant and puts each where it belongs; those of `direct` nowhere: the caller leases them. */
export async function insertNewJobs(
  tx: Queryable,
  tenant: string,
  jobs: readonly NewJob[],
  direct: ReadonlySet<string> = new Set(),
): Promise<void> {
  const { waiting = [], ready = [] } = Object.groupBy(
    jobs.filter(({ id }) => !direct.has(id)),
    (job) => (waits(job) ? 'waiting' : 'ready'),
  );
  const late = jobs.filter(({ deadline }) => deadline !== null);
  const statements = [
    ...insertsOf(tenant, jobs),
    ...(ready.length > 0 ? [insertReady(tenant, ...placesOf(ready))] : []),
    ...(waiting.length > 0
      ? [
          insertWaiting(
            tenant,
            ...placesOf(waiting),
            waiting.map(({ notBefore }) => notBefore),
            waiting.map(({ concurrencyKey }) => concurrencyKey),
            waiting.map(({ concurrencyLimit }) => concurrencyLimit),
          ),
        ]
      : []),
    ...(late.length > 0
      ? [
          insertDeadlines(
            tenant,
            idsOf(late),
            late.map(({ deadline }) => deadline),
          ),
        ]
      : []),
  ];
  await Promise.all(statements.map((statement) => tx.execute(statement)));
}

/** It may not run yet. */
function waits({ notBefore, concurrencyKey }: NewJob): boolean {
  return notBefore !== null || concurrencyKey !== null;
}

function idsOf(jobs: readonly NewJob[]): string[] {
  return jobs.map(({ id }) => id);
}

function placesOf(jobs: readonly NewJob[]): [ids: string[], routes: number[], ranks: number[]] {
  return [idsOf(jobs), jobs.map(({ routeId }) => routeId), jobs.map(({ priority }) => 100 - priority)];
}

/** Kinds of one statement at most: each of its jobs is compared with each of them. */
const KINDS = 32;

/** Jobs are of one kind when they share everything but their ids and inputs. */
function insertsOf(tenant: string, jobs: readonly NewJob[]): Statement<never>[] {
  const statements: Statement<never>[] = [];
  let [kinds, kindOf, from] = [new Map<string, number>(), [] as number[], 0];
  const insert = (before: number): void => {
    const some = jobs.slice(from, before);
    const inputs = some.map(({ input }) => input).join(',');
    const rests = [...kinds].map(([rest, kind]) => `{"kind":${kind},${rest.slice(1)}`).join(',');
    statements.push(insertJobs(tenant, idsOf(some), kindOf, `[${inputs}]`, `[${rests}]`));
    [kinds, kindOf, from] = [new Map<string, number>(), [], before];
  };
  jobs.forEach(({ id: _, input: __, ...rest }, at) => {
    const key = JSON.stringify(rest);
    if (kinds.size === KINDS && !kinds.has(key)) insert(at);
    const kind = kinds.get(key) ?? kinds.size;
    kinds.set(key, kind);
    kindOf.push(kind);
  });
  insert(jobs.length);
  return statements;
}
