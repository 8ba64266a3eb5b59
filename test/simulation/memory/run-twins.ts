/** Twins of the run record, and of what the services read and note beside it. */
import type { JobState } from '@casare/shared/api';
import type { RunEventBody } from '@casare/shared/protocol';
import type { EventRow, JobRow, StepRow } from './rows.ts';
import { by, date, json, ms, twin, type Twin } from './twin.ts';

interface OfAttempt {
  readonly tenant: string;
  readonly jobId: string;
  readonly attempt: number;
}

interface OpenedRow extends OfAttempt {
  readonly seq: number;
  readonly at: string;
  readonly position: string;
  readonly path: string;
  readonly name: string;
  readonly task?: string;
  readonly call?: string;
  readonly effect?: string;
  readonly state: string;
}

interface EndedRow extends OfAttempt {
  readonly seq: number;
  readonly position: string;
  readonly state: string;
  readonly at: string;
  readonly durationMs: number;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** Outcomes of attempts whose last number is acknowledged again. */
const RECORDED = ['succeeded', 'failed', 'timed_out', 'needs_review', 'cancelled', 'retried'];

export const RUN_TWINS: Readonly<Record<string, Twin>> = {
  lockHeld: twin<[string[], string[], number[], string[]]>(({ tables }, tenants, jobs, attempts, agents) =>
    jobs
      .flatMap((id, at) => {
        const [job, lease] = [tables.job.get(tenants[at]!, id), tables.job_lease.get(tenants[at]!, id)];
        if (!job || lease?.attempt !== attempts[at] || lease!.agent_id !== agents[at]) return [];
        const { tenant_id, job_id, attempt, agent_id, acked_seq, cancelling, pause_word } = lease!;
        const keyed = job.concurrency_key !== null;
        const said = { acked_seq, cancelling, pause_word };
        return [{ tenant_id, job_id, attempt, agent_id, ...said, keyed, state: job.state }];
      })
      .sort(
        by(
          (row) => row.tenant_id,
          (row) => row.job_id,
        ),
      ),
  ),
  insertEvents: twin<[string[], string[], number[], number[], string[], string]>(
    ({ tables }, tenants, jobs, attempts, seqs, at, bodies) =>
      (JSON.parse(bodies) as EventRow['body'][]).map((body, n) => {
        const key = { tenant_id: tenants[n]!, job_id: jobs[n]!, attempt: attempts[n]!, seq: seqs[n]! };
        if (tables.job_event.insert({ ...key, at: ms(at[n])!, body })) return key;
        throw new Error(`job_event: ${key.job_id} has number ${key.seq} of attempt ${key.attempt} already`);
      }),
  ),
  openSteps: twin<[string]>(({ tables }, text) =>
    (JSON.parse(text) as OpenedRow[]).filter((row) => {
      const skipped = row.state === 'skipped';
      return tables.job_step.insert({
        ...{ tenant_id: row.tenant, job_id: row.jobId, attempt: row.attempt, seq: row.seq },
        ...{ position: row.position, path: row.path, name: row.name, state: row.state },
        task: row.task ?? 'skipped',
        call: row.call ?? null,
        effect: row.effect ?? 'idempotent',
        started_at: ms(row.at)!,
        ended_at: skipped ? ms(row.at) : null,
        ended_seq: null,
        duration_ms: skipped ? 0 : null,
        output: null,
        error: null,
      });
    }),
  ),
  endSteps: twin<[string]>(({ tables }, text) => {
    const ends = (JSON.parse(text) as EndedRow[]).toSorted((a, b) => a.seq - b.seq);
    return ends.flatMap((end) => {
      const begun = tables.job_step
        .where(
          (row) =>
            row.tenant_id === end.tenant &&
            row.job_id === end.jobId &&
            row.attempt === end.attempt &&
            row.position === end.position &&
            row.seq < end.seq,
        )
        .toSorted((a, b) => b.seq - a.seq);
      const ended = { state: end.state, ended_seq: end.seq, duration_ms: end.durationMs };
      const left = { ...ended, output: end.output ?? null, error: end.error ?? null };
      return begun
        .filter((row) => row.state === 'running')
        .map((row) =>
          tables.job_step.change(row, {
            ended_at: ms(end.at),
            ...(row === begun[0] ? left : { state: 'interrupted' }),
          }),
        );
    });
  }),
  moveRuns: twin<
    [
      string[],
      string[],
      JobState[],
      JobState[],
      (string | null)[],
      boolean[],
      (string | null)[],
      (string | null)[],
      (string | null)[],
    ]
  >(({ tables, now }, tenants, jobs, from, to, started, ended, outputs, errors, reviews) =>
    jobs.flatMap((id, at) => {
      const job = tables.job.get(tenants[at]!, id);
      if (job?.state !== from[at]) return [];
      return [
        tables.job.change(job!, {
          state: to[at]!,
          started_at: job!.started_at ?? ms(started[at]),
          ended_at: ended[at] ? now : null,
          output: outputs[at] === null ? job!.output : json(outputs[at]!),
          error: errors[at] === null ? null : json(errors[at]!),
          review: reviews[at] === null ? null : (json(reviews[at]!) as JobRow['review']),
          agent_id: to[at] === 'pending' ? null : job!.agent_id,
        }),
      ];
    }),
  ),
  ackLeases: twin<[string[], string[], number[], number[]]>(({ tables }, tenants, jobs, attempts, seqs) =>
    jobs.flatMap((job, at) => {
      const lease = tables.job_lease.get(tenants[at]!, job);
      if (lease?.attempt !== attempts[at]) return [];
      return [tables.job_lease.change(lease!, { acked_seq: seqs[at]!, accepted: true, settle_after: null })];
    }),
  ),
  ackedOfAttempts: twin<[string[], string[], number[], string[]]>(({ tables }, tenants, jobs, attempts, agents) =>
    jobs.map((job, at) => {
      const attempt = tables.job_attempt.get(tenants[at]!, job, attempts[at]);
      if (attempt?.agent_id !== agents[at] || !RECORDED.includes(attempt!.outcome ?? '')) return { seq: 0 };
      const events = tables.job_event.where((row) => row.job_id === job && row.attempt === attempts[at]);
      return { seq: Math.max(0, ...events.map((row) => row.seq)) };
    }),
  ),
  journal: twin<[string, string, number]>(({ tables }, tenant, job, from) =>
    tables.job_event
      .where((row) => row.tenant_id === tenant && row.job_id === job && row.attempt >= from)
      .sort(
        by(
          (row) => row.attempt,
          (row) => row.seq,
        ),
      )
      .map(({ seq, at, body }) => ({ seq, at: date(at), body })),
  ),
  settleDoubt: twin<[string, string, string, string]>(({ tables, now }, tenant, id, output, actor) => {
    const job = tables.job.get(tenant, id);
    const events = tables.job_event.where((row) => row.tenant_id === tenant && row.job_id === id);
    const [doubt] = events
      .filter(({ attempt, body }) => {
        const isOfGeneration = job !== undefined && attempt >= job.first_attempt;
        return isOfGeneration && body.type === 'step.started' && body.position === job.review?.position;
      })
      .sort(
        by(
          (row) => -row.attempt,
          (row) => -row.seq,
        ),
      );
    if (!doubt || doubt.body.type !== 'step.started') return [];
    const { attempt, seq, body } = doubt;
    const step = tables.job_step.get(tenant, id, attempt, seq);
    const last = Math.max(...events.filter((row) => row.attempt === attempt).map((row) => row.seq));
    const ended = { state: 'completed', ended_at: now, ended_seq: last + 1, output: json(output) };
    if (step) tables.job_step.change(step, ended);
    const word = {
      ...{ type: 'step.completed', path: body.path, position: body.position },
      ...{ output: json(output), durationMs: 0, settledBy: actor },
    } as RunEventBody;
    tables.job_event.insert({ tenant_id: tenant, job_id: id, attempt, seq: last + 1, at: now, body: word });
    return [word];
  }),

  assignmentsOf: twin<[string[], string[]]>(({ tables, now }, tenants, ids) =>
    ids.flatMap((id, at) => {
      const job = tables.job.get(tenants[at]!, id);
      if (!job) return [];
      return [{ place: at + 1, ...assignmentRow(job, now) }];
    }),
  ),
  stepsAt: twin<[string[], string[], number[], string[]]>(({ tables }, tenants, jobs, attempts, positions) =>
    jobs
      .flatMap((job, at) =>
        tables.job_step.where(
          (row) =>
            row.tenant_id === tenants[at] &&
            row.job_id === job &&
            row.attempt === attempts[at] &&
            row.position === positions[at],
        ),
      )
      .sort(
        by<StepRow>(
          (row) => row.tenant_id,
          (row) => row.job_id,
          (row) => row.attempt,
          (row) => row.seq,
        ),
      )
      .map(({ ended_seq: _, ...row }) => ({ ...row, started_at: date(row.started_at), ended_at: date(row.ended_at) })),
  ),
  // Runs of the simulation keep no files.
  listArtifacts: twin(() => []),
  // Nothing is closed in the simulation.
  closuresOfAll: twin(() => []),
  // Nobody listens: the job rows are what the checker reads.
  appendLive: twin<[string[]]>((_, tenants) => tenants),
  appendJobChanges: twin<[string[]]>((_, tenants) => tenants),
  pruneLive: twin(() => [{ forgotten: 0 }]),
  appendAudit: twin(() => [{}]),
};

/** As the columns that an assignment needs. */
export function assignmentRow(job: JobRow, now: number): Record<string, unknown> {
  const { generation, first_attempt, workflow_id, input, deadline, timeout_at, attempt_timeout_ms, created_by } = job;
  const late = deadline !== null && deadline <= now;
  const job_left_ms = timeout_at === null ? null : timeout_at - now;
  return { generation, first_attempt, workflow_id, input, attempt_timeout_ms, late, job_left_ms, created_by };
}
