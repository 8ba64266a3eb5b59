/**
 * Reading attempts: all of a job, and what is known of the one that a person is asked about. One that holds its lease is
 * on record by that row; the others are history.
 */
import { Attempt, ReviewEvidence } from '@casare/shared/api';
import { sql, type Queryable } from '../platform/database/index.ts';

type Row = Readonly<Record<string, unknown>>;

/** The attempts of job `job` of tenant `tenant`, which are expressions. */
const attemptsOf = (tenant: string, job: string): string => `(
     SELECT attempt, generation, agent_id, leased_at, ended_at, outcome, error FROM job_attempt
     WHERE tenant_id = ${tenant} AND job_id = ${job}
     UNION ALL SELECT attempt, generation, agent_id, leased_at, NULL, NULL, NULL FROM job_lease
     WHERE tenant_id = ${tenant} AND job_id = ${job})`;

/** The attempts of job `job`, an expression, as they are shown. */
export const shownAttempts = (job: string): string => `
   SELECT t.attempt, t.generation, t.agent_id, a.name AS agent_name, t.leased_at, t.ended_at, t.outcome, t.error,
     (SELECT count(*)::int FROM job_event e
       WHERE e.tenant_id = $1 AND e.job_id = ${job} AND e.attempt = t.attempt) AS records
   FROM ${attemptsOf('$1', job)} t LEFT JOIN agent a ON a.tenant_id = $1 AND a.id = t.agent_id
   WHERE t.attempt > $3 ORDER BY t.attempt LIMIT $4`;

const listAttempts = sql<Row, [tenant: string, job: string, after: number, limit: number]>(
  'listAttempts',
  shownAttempts('$2'),
  { idempotent: true },
);

// The last record and the open step are each the end of an index.
const evidenceOf = sql<Row, [tenant: string, job: string]>(
  'evidenceOf',
  `SELECT t.attempt, t.agent_id, a.name AS agent_name,
     CASE WHEN s.gateway_id IS NULL THEN s.since END AS silent_since,
     EXISTS (SELECT FROM job_lease l WHERE l.tenant_id = j.tenant_id AND l.job_id = j.id AND l.attempt = j.attempt) AS outstanding,
     e.seq, e.type, e.at, o.position, o.name, o.call, o.effect, o.started_at
   FROM job j
   JOIN ${attemptsOf('$1', '$2')} t ON t.attempt = j.attempt
   LEFT JOIN agent a ON a.tenant_id = j.tenant_id AND a.id = t.agent_id
   LEFT JOIN agent_session s ON s.tenant_id = j.tenant_id AND s.agent_id = t.agent_id
   LEFT JOIN LATERAL (
     SELECT seq, at, body->>'type' AS type FROM job_event
     WHERE tenant_id = j.tenant_id AND job_id = j.id AND attempt = j.attempt ORDER BY seq DESC LIMIT 1) e ON true
   LEFT JOIN LATERAL (
     SELECT position, name, call, effect, started_at FROM job_step
     WHERE tenant_id = j.tenant_id AND job_id = j.id AND attempt = j.attempt AND state IN ('running', 'interrupted')
     ORDER BY (effect = 'unsafe') DESC, seq DESC LIMIT 1) o ON true
   WHERE j.tenant_id = $1 AND j.id = $2`,
  { idempotent: true },
);

const wantedOf = sql<{ wanted: boolean }, [tenant: string, job: string]>(
  'pauseWantedOf',
  `SELECT pause_word % 2 = 1 AS wanted FROM job_lease WHERE tenant_id = $1 AND job_id = $2`,
  { idempotent: true },
);

/** True when a pause of the job's attempt was asked for and not taken back. */
export async function isPauseAsked(db: Queryable, tenant: string, jobId: string): Promise<boolean> {
  return (await db.query(wantedOf(tenant, jobId)))[0]?.wanted ?? false;
}

const wantedAmong = sql<{ job_id: string }, [tenant: string, jobs: string[]]>(
  'pauseWantedAmong',
  `SELECT job_id FROM job_lease WHERE tenant_id = $1 AND job_id = ANY($2::uuid[]) AND pause_word % 2 = 1`,
  { idempotent: true },
);

/** The same of many: those of which it was. */
export async function findPausesAsked(db: Queryable, tenant: string, jobs: readonly string[]): Promise<string[]> {
  return jobs.length === 0 ? [] : (await db.query(wantedAmong(tenant, [...jobs]))).map((row) => row.job_id);
}

/** Attempts after this one, oldest first. */
export async function findAttempts(
  db: Queryable,
  tenant: string,
  job: string,
  after: number,
  limit: number,
): Promise<Attempt[]> {
  return (await db.query(listAttempts(tenant, job, after, limit))).map(attemptOf);
}

export function attemptOf(row: Row): Attempt {
  return Attempt.parse({
    attempt: row.attempt,
    generation: row.generation,
    agent: agentOf(row),
    leasedAt: iso(row.leased_at),
    endedAt: iso(row.ended_at),
    outcome: row.outcome,
    error: row.error,
    records: row.records,
  });
}

/** What is known of the job's last attempt; `undefined` when it has had none. */
export async function findEvidence(db: Queryable, tenant: string, job: string): Promise<ReviewEvidence | undefined> {
  const [row] = await db.query(evidenceOf(tenant, job));
  if (!row) return undefined;
  const { attempt, seq, type, position, name, call, effect } = row;
  return ReviewEvidence.parse({
    attempt,
    agent: agentOf(row),
    silentSince: iso(row.silent_since),
    outstanding: row.outstanding,
    lastRecord: seq === null ? null : { seq, type, at: iso(row.at) },
    openStep: position === null ? null : { position, name, call, effect, startedAt: iso(row.started_at) },
  });
}

function agentOf(row: Row): { id: unknown; name: unknown } | null {
  return row.agent_name === null ? null : { id: row.agent_id, name: row.agent_name };
}

function iso(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : null;
}
