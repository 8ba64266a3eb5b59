/** The tables of the jobs room that the simulated services use, with the columns of the migrations. Times are milliseconds. */
import type { AgentState, JobState } from '@casare/shared/api';
import type { RunEventBody, SlotKind } from '@casare/shared/protocol';
import { Table, type Undo } from './table.ts';

export interface JobRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly workflow_id: string;
  readonly route_id: number;
  readonly state: JobState;
  readonly priority: number;
  readonly generation: number;
  readonly attempt: number;
  readonly attempt_skip: number;
  readonly first_attempt: number;
  readonly max_attempts: number;
  readonly agent_id: string | null;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: unknown;
  readonly review: { readonly position?: string | null } | null;
  readonly requires: readonly string[];
  readonly site: string | null;
  readonly not_before: number | null;
  readonly deadline: number | null;
  readonly concurrency_key: string | null;
  readonly concurrency_limit: number;
  readonly retry: unknown;
  readonly timeout_ms: number | null;
  readonly timeout_at: number | null;
  readonly attempt_timeout_ms: number | null;
  readonly dead_letter: string | null;
  readonly created_by: string;
  readonly started_at: number | null;
  readonly ended_at: number | null;
}

export interface ReadyRow {
  readonly route_id: number;
  readonly rank: number;
  readonly seq: number;
  readonly tenant_id: string;
  readonly job_id: string;
}

export interface WaitingRow {
  readonly tenant_id: string;
  readonly job_id: string;
  readonly route_id: number;
  readonly rank: number;
  readonly not_before: number | null;
  readonly concurrency_key: string | null;
  readonly key_limit: number;
  readonly held: boolean;
}

export interface LeaseRow {
  readonly tenant_id: string;
  readonly job_id: string;
  readonly attempt: number;
  readonly generation: number;
  readonly agent_id: string;
  readonly slot: SlotKind;
  readonly leased_at: number;
  readonly accepted: boolean;
  readonly acked_seq: number;
  readonly cancelling: boolean;
  readonly pause_word: number;
  readonly settle_after: number | null;
  readonly due_at: number | null;
  readonly restored: boolean;
}

export interface FenceRow {
  readonly tenant_id: string;
  readonly job_id: string;
  readonly attempt: number;
  readonly agent_id: string;
  readonly leased_at: number;
  readonly fenced_at: number;
  readonly told_session: string | null;
  readonly told_at: number | null;
}

export interface AttemptRow {
  readonly tenant_id: string;
  readonly job_id: string;
  readonly attempt: number;
  readonly generation: number;
  readonly agent_id: string;
  readonly leased_at: number;
  readonly ended_at: number | null;
  readonly outcome: string | null;
  readonly error: unknown;
}

export interface EventRow {
  readonly tenant_id: string;
  readonly job_id: string;
  readonly attempt: number;
  readonly seq: number;
  readonly at: number;
  readonly body: RunEventBody;
}

export interface StepRow {
  readonly tenant_id: string;
  readonly job_id: string;
  readonly attempt: number;
  readonly seq: number;
  readonly position: string;
  readonly path: string;
  readonly name: string;
  readonly task: string;
  readonly call: string | null;
  readonly effect: string;
  readonly state: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly ended_seq: number | null;
  readonly duration_ms: number | null;
  readonly output: unknown;
  readonly error: unknown;
}

export interface SessionRow {
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly gateway_id: string | null;
  readonly instance: string;
  readonly epoch: number;
  readonly since: number;
  readonly lease_until: number | null;
  readonly pauses: boolean;
}

export interface RouteRow {
  readonly id: number;
  readonly tenant_id: string;
  readonly slot: SlotKind;
  readonly site: string | null;
  readonly capabilities: string[];
  readonly key: string;
}

/** Only what the jobs room reads of it. */
export interface AgentRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly name: string;
  readonly state: AgentState;
}

interface OfJob {
  readonly tenant_id: string;
  readonly job_id: string;
}

export class Tables {
  #undo: Undo | null = null;
  /** Jobs of which a row was written since whoever reads this last cleared it. */
  readonly touched = new Set<string>();
  readonly #around = { undo: (): Undo | null => this.#undo };
  readonly #ofJob = { ...this.#around, touched: ({ job_id }: OfJob) => void this.touched.add(job_id) };
  readonly #manyOfJob = { ...this.#ofJob, groupOf: ({ job_id }: OfJob) => job_id };

  readonly agent = new Table<AgentRow>((row) => `${row.tenant_id} ${row.id}`, this.#around);
  readonly route = new Table<RouteRow>((row) => String(row.id), this.#around);
  readonly job = new Table<JobRow>((row) => `${row.tenant_id} ${row.id}`, {
    ...this.#around,
    touched: ({ id }) => void this.touched.add(id),
  });
  /** By route. */
  readonly job_ready = new Table<ReadyRow>(keyOfJob, {
    ...this.#ofJob,
    groupOf: ({ route_id }) => String(route_id),
  });
  readonly job_waiting = new Table<WaitingRow>(keyOfJob, this.#ofJob);
  readonly job_key = new Table<OfJob & { readonly concurrency_key: string; readonly key_limit: number }>(
    (row) => `${row.tenant_id} ${row.concurrency_key} ${row.job_id}`,
    this.#manyOfJob,
  );
  readonly job_deadline = new Table<OfJob & { readonly deadline: number }>(keyOfJob, this.#ofJob);
  /** By agent. */
  readonly job_lease = new Table<LeaseRow>(keyOfJob, { ...this.#ofJob, groupOf: ({ agent_id }) => agent_id });
  readonly job_fence = new Table<FenceRow>(keyOfAttempt, this.#manyOfJob);
  readonly job_attempt = new Table<AttemptRow>(keyOfAttempt, this.#manyOfJob);
  readonly job_event = new Table<EventRow>((row) => `${keyOfAttempt(row)} ${row.seq}`, this.#manyOfJob);
  readonly job_step = new Table<StepRow>((row) => `${keyOfAttempt(row)} ${row.seq}`, this.#manyOfJob);
  readonly idempotency_key = new Table<{
    readonly tenant_id: string;
    readonly key: string;
    readonly request_digest: string;
    readonly job_ids: string[];
    readonly created_at: number;
  }>((row) => `${row.tenant_id} ${row.key}`, this.#around);
  readonly gateway = new Table<{ readonly id: string; readonly heartbeat_at: number }>((row) => row.id, this.#around);
  readonly agent_session = new Table<SessionRow>((row) => `${row.tenant_id} ${row.agent_id}`, this.#around);
  readonly singleton = new Table<{
    readonly name: string;
    readonly holder: string;
    readonly until: number;
    readonly term: number;
  }>((row) => row.name, this.#around);
  /** Identity columns: a number that was taken is not given back. */
  readonly numbers = { route: 0, ready: 0 };

  /** From here on every change can be taken back. */
  begin(): void {
    this.#undo = [];
  }

  commit(): void {
    this.#undo = null;
  }

  rollback(): void {
    const undo = this.#undo ?? [];
    this.#undo = null;
    for (const back of undo.reverse()) back();
  }
}

function keyOfJob({ tenant_id, job_id }: OfJob): string {
  return `${tenant_id} ${job_id}`;
}

function keyOfAttempt(row: OfJob & { readonly attempt: number }): string {
  return `${keyOfJob(row)} ${row.attempt}`;
}
