/**
 * Leases: the time-limited right of an attempt to act and to write.
 *
 * Invariants: at most one row per job, so at most one attempt can write; a lease is made in the transaction that takes
 * the job out of the ready queue and raises `job.attempt`; whoever deletes the row ends the right.
 */
import type { JobState } from '@casare/shared/api';
import { sourcesOf } from '@casare/shared/lifecycle';
import type { SlotKind } from '@casare/shared/protocol';
import { BY_KEY, sql, type Database, type Queryable } from '../platform/database/index.ts';
import { boundsOf } from './history.decision.ts';
import { JOB } from './job.lifecycle.ts';
import { ASSIGNMENT_COLUMNS, assignmentOf, type Assignment, type AssignmentRow } from './job.store.ts';

/** Which attempt of which job. */
export interface AttemptKey {
  readonly tenant: string;
  readonly jobId: string;
  readonly attempt: number;
}

/** A lease as it is kept. */
export interface Lease extends AttemptKey {
  readonly agentId: string;
  readonly slot: SlotKind;
  readonly accepted: boolean;
  readonly ackedSeq: number;
  readonly cancelling: boolean;
  /** People's words about its pause, counted; odd: paused. */
  readonly pauseWord: number;
  readonly state: JobState;
  /** Given before a restore from backup, and its agent has not come back since. */
  readonly restored: boolean;
}

/** A job to be leased. */
export interface LeaseRequest {
  readonly tenant: string;
  readonly jobId: string;
  readonly agentId: string;
  readonly slot: SlotKind;
}

interface LeaseRow {
  readonly tenant_id: string;
  readonly job_id: string;
  readonly attempt: number;
  readonly agent_id: string;
  readonly slot: SlotKind;
  readonly accepted: boolean;
  readonly acked_seq: number;
  readonly cancelling: boolean;
  readonly pause_word: number;
  readonly state: JobState;
  readonly restored: boolean;
}

interface LeasedRow extends AssignmentRow {
  readonly job_id: string;
  /** May start. */
  readonly ready: boolean;
  /** The members below are null when it was not leased. */
  readonly tenant_id: string;
  readonly attempt: number | null;
  readonly agent_id: string;
}

// The claim holds places in the queue, and everybody else locks a job before its place: so it never waits for a job. One
// that is locked is skipped and keeps its place. The guard repeats the table: only a pending job is leased, whatever the
// queue says, and never after its deadline. Numbers that a restore has made doubtful are passed over.
const leaseJobs = sql<
  LeasedRow,
  [tenants: string[], jobs: string[], agents: string[], slots: string[], from: JobState[], first: string, last: string]
>(
  'leaseJobs',
  `WITH held AS MATERIALIZED (
     SELECT j.tenant_id, j.id AS job_id, w.agent_id, w.slot,
       j.state = ANY($5) AND (j.deadline IS NULL OR j.deadline > clock_timestamp()) AS ready
     FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[]) AS w(tenant_id, job_id, agent_id, slot)
     JOIN job j ON j.tenant_id = w.tenant_id AND j.id = w.job_id
     WHERE j.tenant_id = ANY($1) AND j.id = ANY($2) AND j.id BETWEEN $6 AND $7
     FOR UPDATE OF j SKIP LOCKED
   ), leased AS (
     UPDATE job j SET state = 'leased', attempt = j.attempt + 1 + j.attempt_skip, attempt_skip = 0, agent_id = h.agent_id,
       timeout_at = coalesce(j.timeout_at, clock_timestamp() + make_interval(secs => j.timeout_ms::float8 / 1000))
     FROM held h WHERE h.ready AND j.tenant_id = h.tenant_id AND j.id = h.job_id AND j.state = ANY($5)
       AND j.tenant_id = ANY($1) AND j.id = ANY($2) AND j.id BETWEEN $6 AND $7
     RETURNING j.tenant_id, j.id AS job_id, j.attempt, j.agent_id, j.deadline, h.slot, least(
       j.timeout_at, clock_timestamp() + make_interval(secs => j.attempt_timeout_ms::float8 / 1000)) AS due_at,
       ${ASSIGNMENT_COLUMNS}
   ), leases AS (
     INSERT INTO job_lease (tenant_id, job_id, attempt, generation, agent_id, slot, due_at)
     SELECT tenant_id, job_id, attempt, generation, agent_id, slot, due_at FROM leased
   ), deadlines AS (
     DELETE FROM job_deadline d USING leased l
     WHERE l.deadline IS NOT NULL AND d.tenant_id = l.tenant_id AND d.job_id = l.job_id
       AND d.tenant_id = ANY($1) AND d.job_id = ANY($2)
   )
   SELECT job_id, true AS ready, tenant_id, attempt, agent_id, generation, first_attempt, workflow_id, input,
     attempt_timeout_ms, late, job_left_ms, created_by FROM leased
   UNION ALL
   SELECT job_id, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM held WHERE NOT ready`,
);

const LEASE_COLUMNS =
  'l.tenant_id, l.job_id, l.attempt, l.agent_id, l.slot, l.accepted, l.acked_seq, l.cancelling, l.pause_word, l.restored, j.state';
const LEASE_JOIN = 'job_lease l JOIN job j ON j.tenant_id = l.tenant_id AND j.id = l.job_id';

const leasesOfThese = sql<LeaseRow, [tenants: string[], agents: string[]]>(
  'leasesOfThese',
  `SELECT ${LEASE_COLUMNS} FROM unnest($1::text[], $2::uuid[]) AS w(tenant_id, agent_id)
   JOIN job_lease l ON l.tenant_id = w.tenant_id AND l.agent_id = w.agent_id
   JOIN job j ON j.tenant_id = l.tenant_id AND j.id = l.job_id ORDER BY l.leased_at`,
  { idempotent: true },
);

const leasesOfAgents = sql<{ job_id: string; attempt: number; agent_id: string; slot: SlotKind }, [agents: string[]]>(
  'leasesOfAgents',
  `SELECT job_id, attempt, agent_id, slot FROM job_lease WHERE agent_id = ANY($1::uuid[])`,
  {
    idempotent: true,
  },
);

// Job before lease: every writer locks in this order.
const lockLease = sql<LeaseRow, [tenant: string, job: string]>(
  'lockLease',
  `SELECT ${LEASE_COLUMNS} FROM ${LEASE_JOIN} WHERE l.tenant_id = $1 AND l.job_id = $2 FOR UPDATE`,
);

// The rows are locked in one order, so that two batches never wait for each other in a circle.
const acceptLeases = sql<never, [tenants: string[], jobs: string[], attempts: number[], agents: string[]]>(
  'acceptLeases',
  `WITH held AS (
     SELECT l.tenant_id, l.job_id
     FROM unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[]) AS w(tenant_id, job_id, attempt, agent_id)
     JOIN job_lease l ON l.tenant_id = w.tenant_id AND l.job_id = w.job_id AND l.attempt = w.attempt
       AND l.agent_id = w.agent_id AND NOT l.accepted
     WHERE l.tenant_id = ANY($1) AND l.job_id = ANY($2)
     ORDER BY l.tenant_id, l.job_id FOR UPDATE OF l
   )
   UPDATE job_lease l SET accepted = true FROM held h
   WHERE l.tenant_id = h.tenant_id AND l.job_id = h.job_id AND l.tenant_id = ANY($1) AND l.job_id = ANY($2)`,
);

const markCancelling = sql<never, [tenant: string, job: string]>(
  'markCancelling',
  `UPDATE job_lease SET cancelling = true WHERE tenant_id = $1 AND job_id = $2`,
);

// While it held its lease, that row was the attempt's record.
const endLeases = sql<never, [tenants: string[], jobs: string[], attempts: number[], outcomes: string[]]>(
  'endLeases',
  `WITH ended AS (
     SELECT * FROM unnest($1::text[], $2::uuid[], $3::int[], $4::text[]) AS e(tenant_id, job_id, attempt, outcome)
   ), gone AS (
     DELETE FROM job_lease l USING ended e
     WHERE l.tenant_id = e.tenant_id AND l.job_id = e.job_id AND l.attempt = e.attempt
       AND l.tenant_id = ANY($1) AND l.job_id = ANY($2)
     RETURNING l.tenant_id, l.job_id, l.attempt, l.generation, l.agent_id, l.leased_at, e.outcome
   )
   INSERT INTO job_attempt (tenant_id, job_id, attempt, generation, agent_id, leased_at, ended_at, outcome)
   SELECT tenant_id, job_id, attempt, generation, agent_id, leased_at, now(), outcome FROM gone`,
);

// A step that was running when its attempt ended was interrupted: what it did is not known here.
const interruptSteps = sql<never, [tenants: string[], jobs: string[], attempts: number[], first: string, last: string]>(
  'interruptSteps',
  `UPDATE job_step s SET state = 'interrupted', ended_at = now()
   FROM unnest($1::text[], $2::uuid[], $3::int[]) AS e(tenant_id, job_id, attempt)
   WHERE s.tenant_id = e.tenant_id AND s.job_id = e.job_id AND s.attempt = e.attempt AND s.state = 'running'
     AND s.tenant_id = ANY($1) AND s.job_id = ANY($2) AND s.job_id BETWEEN $4 AND $5`,
);

/** A lease that was just made, and what its assignment needs of the job. */
export interface LeasedJob extends AttemptKey {
  readonly agentId: string;
  readonly assignment: Assignment;
}

/**
 * Leases what is still pending of `requests` and says which attempt each got. `stale` are jobs that may not start any
 * more: they are over, or their deadline passed and its sweep ends them. Neither has business in the queue.
 */
export async function lease(
  tx: Queryable,
  requests: readonly LeaseRequest[],
): Promise<{ leased: LeasedJob[]; stale: string[] }> {
  if (requests.length === 0) return { leased: [], stale: [] };
  const rows = await tx.query(
    leaseJobs(
      requests.map((request) => request.tenant),
      requests.map((request) => request.jobId),
      requests.map((request) => request.agentId),
      requests.map((request) => request.slot),
      sourcesOf(JOB, 'lease'),
      ...boundsOf(requests),
    ),
  );
  return {
    leased: rows.flatMap((row) =>
      row.attempt === null
        ? []
        : {
            tenant: row.tenant_id,
            jobId: row.job_id,
            attempt: row.attempt,
            agentId: row.agent_id,
            assignment: assignmentOf(row),
          },
    ),
    stale: rows.filter((row) => !row.ready).map((row) => row.job_id),
  };
}

/** Every lease that these agents hold, oldest first, in the order of the agents. */
export async function listLeases(
  db: Queryable,
  agents: readonly { readonly tenant: string; readonly agentId: string }[],
): Promise<Lease[][]> {
  const tenants = agents.map(({ tenant }) => tenant);
  const ids = agents.map(({ agentId }) => agentId);
  const byAgent = Map.groupBy((await db.query(leasesOfThese(tenants, ids))).map(leaseOf), keyOfAgent);
  return agents.map((agent) => byAgent.get(keyOfAgent(agent)) ?? []);
}

function keyOfAgent({ tenant, agentId }: { readonly tenant: string; readonly agentId: string }): string {
  return `${tenant} ${agentId}`;
}

/** The leases of these agents. */
export async function listLeasesOf(
  db: Queryable,
  agentIds: readonly string[],
): Promise<{ jobId: string; attempt: number; agentId: string; slot: SlotKind }[]> {
  const rows = await db.query(leasesOfAgents([...agentIds]));
  return rows.map((row) => ({ jobId: row.job_id, attempt: row.attempt, agentId: row.agent_id, slot: row.slot }));
}

/** A job's lease, locked with its job; `null` when nobody holds one. */
export async function holdLease(tx: Queryable, tenant: string, jobId: string): Promise<Lease | null> {
  const [row] = await tx.query(lockLease(tenant, jobId));
  return row ? leaseOf(row) : null;
}

/** A lease whose assignment is on the agent's disk. */
export interface AcceptedLease extends AttemptKey {
  readonly agentId: string;
}

/** Notes which assignments are on their agents' disks; a lease that is gone stays gone. */
export async function accept(db: Database, accepted: readonly AcceptedLease[]): Promise<undefined[]> {
  const statement = acceptLeases(
    accepted.map(({ tenant }) => tenant),
    accepted.map(({ jobId }) => jobId),
    accepted.map(({ attempt }) => attempt),
    accepted.map(({ agentId }) => agentId),
  );
  await db.transaction((tx) => tx.execute(statement), { settings: BY_KEY });
  return accepted.map(() => undefined);
}

/** Notes that a cancel was asked for, so that it is repeated after a reconnect. */
export async function noteCancel(tx: Queryable, tenant: string, jobId: string): Promise<void> {
  await tx.execute(markCancelling(tenant, jobId));
}

/** Ends attempts: their leases go, their running steps are marked interrupted, their outcome is kept. */
export async function end(
  tx: Queryable,
  attempts: readonly (AttemptKey & { readonly outcome: string })[],
): Promise<void> {
  if (attempts.length === 0) return;
  const tenants = attempts.map((attempt) => attempt.tenant);
  const jobs = attempts.map((attempt) => attempt.jobId);
  const numbers = attempts.map((attempt) => attempt.attempt);
  const outcomes = attempts.map((attempt) => attempt.outcome);
  await Promise.all([
    tx.execute(endLeases(tenants, jobs, numbers, outcomes)),
    tx.execute(interruptSteps(tenants, jobs, numbers, ...boundsOf(attempts))),
  ]);
}

function leaseOf(row: LeaseRow): Lease {
  return {
    tenant: row.tenant_id,
    jobId: row.job_id,
    attempt: row.attempt,
    agentId: row.agent_id,
    slot: row.slot,
    accepted: row.accepted,
    ackedSeq: row.acked_seq,
    cancelling: row.cancelling,
    pauseWord: row.pause_word,
    state: row.state,
    restored: row.restored,
  };
}
