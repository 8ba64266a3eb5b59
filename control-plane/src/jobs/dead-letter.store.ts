/** Dead letters: jobs that carry a reason for which nobody tries them again. They go with their job's partition. */
import { DeadLetter, DeadLetterDetails, type DeadLetterFilter } from '@casare/shared/api';
import { listSql, sql, type Queryable } from '../platform/database/index.ts';

type Row = Readonly<Record<string, unknown>>;

const COLUMNS = `j.id, j.dead_letter, j.error, j.attempt - j.first_attempt + 1 AS attempts, j.created_at, j.ended_at,
  j.agent_id, a.name AS agent_name, w.id AS workflow_id, w.namespace, w.name, w.version`;
const JOINS = `job j
  JOIN workflow_version w ON w.tenant_id = j.tenant_id AND w.id = j.workflow_id
  LEFT JOIN agent a ON a.tenant_id = j.tenant_id AND a.id = j.agent_id`;

// The partial index job_dead_letter holds nothing but dead letters, in the order of the list.
const listDead = listSql<
  Row,
  [
    tenant: string,
    reason: string | null,
    workflow: string | null,
    code: string | null,
    since: string | null,
    ids: string[] | null,
    beyond: string | null,
    limit: number,
    createdAfter: string | null,
    createdBefore: string | null,
  ]
>(
  'listDead',
  ({ order, beyond }) => `SELECT ${COLUMNS} FROM ${JOINS}
   WHERE j.tenant_id = $1 AND j.dead_letter IS NOT NULL
     AND ($2::text IS NULL OR j.dead_letter = $2)
     AND ($3::text IS NULL OR w.namespace || '/' || w.name = $3)
     AND ($4::text IS NULL OR j.error->>'code' = $4)
     AND ($5::timestamptz IS NULL OR j.ended_at >= $5)
     AND ($6::uuid[] IS NULL OR j.id = ANY($6))
     AND ($9::timestamptz IS NULL OR j.created_at >= $9)
     AND ($10::timestamptz IS NULL OR j.created_at < $10)
     AND ($7::uuid IS NULL OR j.id ${beyond} $7)
   ORDER BY j.id ${order} LIMIT $8`,
);

const getDead = sql<Row, [tenant: string, id: string]>(
  'getDead',
  `SELECT ${COLUMNS}, j.input FROM ${JOINS}
   WHERE j.tenant_id = $1 AND j.id = $2 AND j.dead_letter IS NOT NULL`,
  { idempotent: true },
);

const triesOf = sql<Row, [tenant: string, id: string, limit: number]>(
  'triesOf',
  `SELECT t.attempt, t.generation, t.agent_id, a.name AS agent_name, t.leased_at, t.ended_at, t.outcome, t.error
   FROM job_attempt t LEFT JOIN agent a ON a.tenant_id = t.tenant_id AND a.id = t.agent_id
   WHERE t.tenant_id = $1 AND t.job_id = $2 ORDER BY t.attempt DESC LIMIT $3`,
  { idempotent: true },
);

// A job that was retried meanwhile carries no reason any more and is left alone.
const purgeDead = sql<{ id: string }, [tenant: string, ids: string[]]>(
  'purgeDead',
  `UPDATE job SET dead_letter = NULL
   WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND dead_letter IS NOT NULL RETURNING id`,
);

/** Tries that are shown at most. */
const TRIES = 100;

/** How the list is narrowed. */
export interface DeadLetterAsk {
  readonly filter: DeadLetterFilter;
  readonly ids: readonly string[] | null;
  /** Goes on from this job. */
  readonly beyond: string | null;
  /** Oldest job first. */
  readonly ascending: boolean;
  readonly limit: number;
}

/** Dead letters by the age of their jobs. */
export async function findDeadLetters(db: Queryable, tenant: string, ask: DeadLetterAsk): Promise<DeadLetter[]> {
  const { reason = null, workflow = null, code = null, since = null, createdAfter, createdBefore } = ask.filter;
  const ids = ask.ids === null ? null : [...ask.ids];
  const page = [ids, ask.beyond, ask.limit, createdAfter ?? null, createdBefore ?? null] as const;
  const rows = await db.query(listDead(ask.ascending)(tenant, reason, workflow, code, since, ...page));
  return rows.map((row) => DeadLetter.parse(letterOf(row)));
}

/** One with its tries; `null` when the tenant has no such dead letter. */
export async function findDeadLetter(db: Queryable, tenant: string, id: string): Promise<DeadLetterDetails | null> {
  const [row] = await db.query(getDead(tenant, id));
  if (!row) return null;
  const tries = await db.query(triesOf(tenant, id, TRIES));
  return DeadLetterDetails.parse({ ...letterOf(row), input: row.input, tries: tries.toReversed().map(tryOf) });
}

/** Takes them off the list; those that were on it. */
export async function purgeDeadLetters(tx: Queryable, tenant: string, ids: readonly string[]): Promise<string[]> {
  return (await tx.query(purgeDead(tenant, [...ids]))).map((row) => row.id);
}

function letterOf(row: Row): Record<keyof DeadLetter, unknown> {
  return {
    id: row.id,
    reason: row.dead_letter,
    workflow: { id: row.workflow_id, namespace: row.namespace, name: row.name, version: row.version },
    error: row.error,
    attempts: row.attempts,
    agent: agentOf(row),
    createdAt: iso(row.created_at),
    failedAt: iso(row.ended_at),
  };
}

function tryOf(row: Row): Record<string, unknown> {
  const { attempt, generation, outcome, error } = row;
  const agent = agentOf(row);
  return { attempt, generation, agent, leasedAt: iso(row.leased_at), endedAt: iso(row.ended_at), outcome, error };
}

function agentOf(row: Row): { id: unknown; name: unknown } | null {
  return row.agent_id && row.agent_name ? { id: row.agent_id, name: row.agent_name } : null;
}

function iso(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : null;
}
