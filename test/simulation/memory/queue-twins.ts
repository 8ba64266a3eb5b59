/** Twins of submitting, the ready queue, the waiting room and routes. */
import type { SlotKind } from '@casare/shared/protocol';
import type { ReadyRow, Tables, WaitingRow } from './rows.ts';
import { by, date, ms, twin, type Moment, type Twin } from './twin.ts';
import type { Segment } from '../../../control-plane/src/jobs/low-water.decision.ts';
import type { NewIdempotencyKey } from '../../../control-plane/src/platform/http/idempotency.store.ts';

/** What jobs of a submit share. */
interface NewJobKind {
  readonly kind: number;
  readonly workflowId: string;
  readonly routeId: number;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly requires: string[];
  readonly site: string | null;
  readonly notBefore: string | null;
  readonly deadline: string | null;
  readonly concurrencyKey: string | null;
  readonly concurrencyLimit: number;
  readonly retry: unknown;
  readonly timeoutMs: number | null;
  readonly attemptTimeoutMs: number | null;
  readonly createdBy: string;
}

const inOrder = by<ReadyRow>(
  (row) => row.rank,
  (row) => row.seq,
);

const NO_PLACE = { route_id: null, rank: null, seq: null, tenant_id: null, job_id: null };

export const QUEUE_TWINS: Readonly<Record<string, Twin>> = {
  insertJobs: twin<[string, string[], number[], string, string]>(({ tables }, tenant, ids, kindOf, inputs, of) => {
    const kinds = new Map((JSON.parse(of) as NewJobKind[]).map((kind) => [kind.kind, kind]));
    const given = JSON.parse(inputs) as unknown[];
    return ids.map((id, at) => {
      const job = kinds.get(kindOf[at]!)!;
      return tables.job.insert({
        tenant_id: tenant,
        id,
        workflow_id: job.workflowId,
        route_id: job.routeId,
        state: 'pending',
        priority: job.priority,
        generation: 1,
        attempt: 0,
        attempt_skip: 0,
        first_attempt: 1,
        max_attempts: job.maxAttempts,
        agent_id: null,
        input: given[at],
        output: null,
        error: null,
        review: null,
        requires: job.requires,
        site: job.site,
        not_before: ms(job.notBefore),
        deadline: ms(job.deadline),
        concurrency_key: job.concurrencyKey,
        concurrency_limit: job.concurrencyLimit,
        retry: job.retry,
        timeout_ms: job.timeoutMs,
        timeout_at: null,
        attempt_timeout_ms: job.attemptTimeoutMs,
        dead_letter: null,
        created_by: job.createdBy,
        started_at: null,
        ended_at: null,
      });
    });
  }),
  insertDeadlines: twin<[string, string[], string[]]>(({ tables }, tenant, ids, deadlines) =>
    ids.map((id, at) => tables.job_deadline.insert({ tenant_id: tenant, job_id: id, deadline: ms(deadlines[at])! })),
  ),
  insertReady: twin<[string, string[], number[], number[]]>((moment, tenant, ids, routes, ranks) =>
    ids.map((id, at) => enqueue(moment, tenant, id, routes[at]!, ranks[at]!)),
  ),
  insertWaiting: twin<[string, string[], number[], number[], (string | null)[], (string | null)[], number[]]>(
    ({ tables }, tenant, ids, routes, ranks, notBefore, keys, limits) =>
      ids.map((id, at) =>
        tables.job_waiting.insert({
          tenant_id: tenant,
          job_id: id,
          route_id: routes[at]!,
          rank: ranks[at]!,
          not_before: ms(notBefore[at]),
          concurrency_key: keys[at]!,
          key_limit: limits[at]!,
          held: false,
        }),
      ),
  ),
  claimIdempotencyKeys: twin<[string, string]>(({ tables, now }, tenant, keys) =>
    (JSON.parse(keys) as NewIdempotencyKey[])
      .sort(by(({ key }) => key))
      .filter(({ key, digest, jobIds }) =>
        tables.idempotency_key.insert({
          ...{ tenant_id: tenant, key, request_digest: digest, created_at: now },
          job_ids: [...jobIds],
        }),
      )
      .map(({ key }) => ({ key })),
  ),
  findIdempotencyKey: twin<[string, string]>(({ tables }, tenant, key) => {
    const row = tables.idempotency_key.get(tenant, key);
    return row ? [{ request_digest: row.request_digest, job_ids: row.job_ids }] : [];
  }),
  dropIdempotencyKeys: twin<[number, number]>(({ tables, now }, olderMs, limit) => {
    const old = tables.idempotency_key
      .where((row) => row.created_at < now - olderMs)
      .sort(by((row) => row.created_at))
      .slice(0, limit);
    for (const row of old) tables.idempotency_key.delete(row);
    return old;
  }),

  busyRoutes: twin<Segments>(({ tables }, ...segments) =>
    [...new Set(segmentsOf(segments).flatMap((segment) => placesIn(tables, segment).map((row) => row.route_id)))].map(
      (route_id) => ({ route_id }),
    ),
  ),
  holdReady: twin<[...Segments, number[], number]>(
    ({ tables }, routes, fromRanks, afterSeqs, beforeRanks, wanted, limit) => {
      const segments = segmentsOf([routes, fromRanks, afterSeqs, beforeRanks]);
      const seen = segments.flatMap((segment, at) => placesIn(tables, segment).slice(0, wanted[at]));
      const best = [...Map.groupBy(seen, (row) => row.route_id)].flatMap(([route, rows]) =>
        rows.sort(inOrder).slice(0, wanted[routes.indexOf(route)]),
      );
      // Tenants take turns: the best job of each, then the second best of each.
      const turns = [...Map.groupBy(best.sort(inOrder), (row) => row.tenant_id).values()];
      const chosen = turns
        .flatMap((rows) => rows.map((row, turn) => ({ row, turn })))
        .sort(
          by(
            ({ turn }) => turn,
            ({ row }) => row.rank,
            ({ row }) => row.seq,
          ),
        )
        .slice(0, limit)
        .map(({ row }) => ({ ...row, head: null }));
      const lowest = [...Map.groupBy(seen, (row) => `${row.route_id} ${row.rank}`).values()]
        .map((rows) => rows.sort(inOrder)[0]!)
        .sort(
          by(
            (row) => row.route_id,
            (row) => row.rank,
          ),
        )
        .map(({ route_id, rank, seq }) => [route_id, rank, seq]);
      const head = {
        ...{ chosen: chosen.length, lastSeq: tables.numbers.ready, lowest: lowest.length === 0 ? null : lowest },
        // Transactions follow one another: none is open but this one.
        ...{ oldest: '1', next: '1' },
      };
      return [...chosen, { ...NO_PLACE, head }];
    },
  ),
  takeReady: twin<[string[], string[]]>(({ tables }, tenants, jobs) =>
    jobs.flatMap((job, at) => {
      const row = tables.job_ready.get(tenants[at]!, job);
      if (row) tables.job_ready.delete(row);
      return row ? [row] : [];
    }),
  ),
  removeReady: twin<[string, string]>(({ tables }, tenant, job) => {
    const row = tables.job_ready.get(tenant, job);
    if (row) tables.job_ready.delete(row);
    return row ? [row] : [];
  }),
  offerReady: twin<[string, string[], number[], number[]]>((moment, tenant, jobs, routes, ranks) =>
    jobs.filter((job, at) => enqueue(moment, tenant, job, routes[at]!, ranks[at]!)),
  ),

  // Nobody else is at it: transactions in memory follow one another.
  lockKeys: twin<[]>(() => [{ locked: '' }]),
  promoteDue: twin<[number]>(({ tables, now }, limit) => {
    const inLine = by<WaitingRow>(
      (row) => row.rank,
      (row) => row.job_id,
    );
    const due = tables.job_waiting
      .where((row) => !row.held && (row.not_before === null || row.not_before <= now) && !isFenced(tables, row))
      .sort(inLine);
    const holders = holdersOf(tables);
    const [plain, keyed] = [[] as WaitingRow[], [] as WaitingRow[]];
    for (const row of due) (row.concurrency_key === null || holds(tables, row) ? plain : keyed).push(row);
    const admitted = keyed.filter((row) => {
      const line = `${row.tenant_id} ${row.concurrency_key}`;
      const before = holders.get(line) ?? { count: 0, strictest: Infinity };
      const after = { count: before.count + 1, strictest: Math.min(before.strictest, row.key_limit) };
      holders.set(line, after);
      return after.count <= after.strictest;
    });
    const promoted = [...plain, ...admitted].sort(inLine).slice(0, limit);
    for (const { tenant_id, job_id, concurrency_key, key_limit } of promoted) {
      if (concurrency_key !== null) tables.job_key.insert({ tenant_id, concurrency_key, job_id, key_limit });
    }
    for (const row of promoted) tables.job_waiting.delete(row);
    return promoted.map(({ tenant_id, job_id, route_id, rank }) => ({ tenant_id, job_id, route_id, rank }));
  }),
  passedDeadlines: twin<[number]>(({ tables, now }, limit) =>
    tables.job_deadline
      .where((row) => row.deadline <= now)
      .sort(by((row) => row.deadline))
      .slice(0, limit)
      .map(({ tenant_id, job_id }) => ({ tenant_id, job_id })),
  ),
  waitOf: twin<[string, string]>(({ tables, now }, tenant, job) => {
    const row = tables.job_waiting.get(tenant, job);
    if (!row) return [];
    const holders = tables.job_key.where(
      (held) => held.tenant_id === tenant && held.concurrency_key === row.concurrency_key,
    );
    const [first] = holds(tables, row) ? [] : holders.sort(by((held) => held.job_id));
    const notBefore = row.not_before !== null && row.not_before > now ? row.not_before : null;
    return [{ not_before: date(notBefore), holder: first?.job_id ?? null, fenced: isFenced(tables, row) }];
  }),
  listDeadline: twin<[string, string]>(({ tables }, tenant, id) => {
    const job = tables.job.get(tenant, id);
    const ends = [job?.deadline ?? null, job?.timeout_at ?? null].filter((end) => end !== null);
    if (ends.length === 0) return [];
    const row = { tenant_id: tenant, job_id: id, deadline: Math.min(...ends) };
    if (!tables.job_deadline.insert(row)) tables.job_deadline.change(row, row);
    return [row];
  }),
  releaseKey: twin<[string[], string[]]>(({ tables }, tenants, jobs) => {
    const rows = tables.job_key.where((row) =>
      jobs.some((job, at) => row.job_id === job && row.tenant_id === tenants[at]),
    );
    for (const row of rows) tables.job_key.delete(row);
    return rows;
  }),
  leaveWaitingRoom: twin<[string, string]>(({ tables }, tenant, job) => {
    const [waiting, deadline] = [tables.job_waiting.get(tenant, job), tables.job_deadline.get(tenant, job)];
    if (waiting) tables.job_waiting.delete(waiting);
    if (deadline) tables.job_deadline.delete(deadline);
    return deadline ? [deadline] : [];
  }),
  enterWaitingRoom: twin<[string, string, number]>(({ tables, now }, tenant, id, delayMs) => {
    const job = tables.job.get(tenant, id);
    if (!job) return [];
    const row = {
      tenant_id: tenant,
      job_id: id,
      route_id: job.route_id,
      rank: 100 - job.priority,
      not_before: delayMs > 0 ? now + delayMs : null,
      concurrency_key: job.concurrency_key,
      key_limit: job.concurrency_limit,
      held: false,
    };
    if (!tables.job_waiting.insert(row)) throw new Error(`job_waiting: ${id} waits already`);
    return [row];
  }),

  holdPlace: twin<[string, string, boolean]>(({ tables }, tenant, id, held) => {
    const row = tables.job_waiting.get(tenant, id);
    return row ? [tables.job_waiting.change(row, { held })] : [];
  }),
  findRoute: twin<[string, string]>(({ tables }, tenant, key) =>
    tables.route.where((row) => row.tenant_id === tenant && row.key === key).map(routeOf),
  ),
  addRoute: twin<[string, SlotKind, string | null, string[], string, number]>(
    ({ tables }, tenant, slot, site, capabilities, key, most) => {
      if (tables.route.where((row) => row.tenant_id === tenant).length >= most) return [];
      tables.numbers.route += 1;
      if (tables.route.where((row) => row.tenant_id === tenant && row.key === key).length > 0) return [];
      const row = { id: tables.numbers.route, tenant_id: tenant, slot, site, capabilities, key };
      tables.route.insert(row);
      return [routeOf(row)];
    },
  ),
  routesAfter: twin<[number, number]>(({ tables }, after, limit) =>
    tables.route
      .where((row) => row.id > after)
      .sort(by((row) => row.id))
      .slice(0, limit)
      .map(routeOf),
  ),
};

type Segments = [routes: number[], fromRanks: number[], afterSeqs: number[], beforeRanks: number[]];

function segmentsOf([routes, fromRanks, afterSeqs, beforeRanks]: Segments): Segment[] {
  return routes.map((routeId, at) => ({
    ...{ routeId, fromRank: fromRanks[at]!, afterSeq: afterSeqs[at]!, beforeRank: beforeRanks[at]! },
  }));
}

function placesIn(tables: Tables, { routeId, fromRank, afterSeq, beforeRank }: Segment): ReadyRow[] {
  return tables.job_ready
    .where(
      ({ route_id, rank, seq }) =>
        route_id === routeId && rank < beforeRank && (rank > fromRank || (rank === fromRank && seq > afterSeq)),
    )
    .sort(inOrder);
}

function holds(tables: Tables, row: WaitingRow): boolean {
  return tables.job_key.where((held) => held.tenant_id === row.tenant_id && held.job_id === row.job_id).length > 0;
}

/** How many hold each key, and the smallest limit among them. */
function holdersOf(tables: Tables): Map<string, { count: number; strictest: number }> {
  const holders = new Map<string, { count: number; strictest: number }>();
  for (const { tenant_id, concurrency_key, key_limit } of tables.job_key.all()) {
    const line = `${tenant_id} ${concurrency_key}`;
    const { count, strictest } = holders.get(line) ?? { count: 0, strictest: Infinity };
    holders.set(line, { count: count + 1, strictest: Math.min(strictest, key_limit) });
  }
  return holders;
}

/** False when the job has a place already. */
function enqueue({ tables }: Moment, tenant: string, job: string, route: number, rank: number): boolean {
  tables.numbers.ready += 1;
  return tables.job_ready.insert({ route_id: route, rank, seq: tables.numbers.ready, tenant_id: tenant, job_id: job });
}

function routeOf<Row extends { readonly key: string }>({ key: _, ...row }: Row): Omit<Row, 'key'> {
  return row;
}

function isFenced(tables: Tables, { tenant_id, job_id }: WaitingRow): boolean {
  return tables.job_fence.where((row) => row.tenant_id === tenant_id && row.job_id === job_id).length > 0;
}
