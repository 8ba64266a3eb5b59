/** Twins of what is read and kept of failed attempts, and of those that are over their time. */
import { by, twin, type Twin } from './twin.ts';

interface KeptError {
  readonly tenant: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly error: unknown;
}

const STEPS: readonly string[] = ['step.started', 'step.completed', 'step.failed'];

export const RETRY_TWINS: Readonly<Record<string, Twin>> = {
  failureFacts: twin<[string[], string[]]>(({ tables, now }, tenants, jobs) =>
    jobs.flatMap((id, at) => {
      const job = tables.job.get(tenants[at]!, id);
      if (!job) return [];
      const retried = tables.job_attempt.where(
        (row) => row.job_id === id && row.attempt >= job.first_attempt && row.outcome === 'retried',
      );
      const ends = [job.deadline, job.timeout_at].filter((end) => end !== null);
      const left = ends.length === 0 ? null : Math.min(...ends) - now;
      const { retry, first_attempt } = job;
      return [{ job_id: id, retry, first_attempt, failures: 1 + retried.length, left_ms: left }];
    }),
  ),
  stepRecords: twin<[string[], string[], number[]]>(({ tables }, tenants, jobs, firsts) =>
    jobs
      .flatMap((id, at) =>
        tables.job_event.where(
          (row) => row.tenant_id === tenants[at] && row.job_id === id && row.attempt >= firsts[at]!,
        ),
      )
      .sort(
        by(
          (row) => row.job_id,
          (row) => row.attempt,
          (row) => row.seq,
        ),
      )
      .flatMap(({ job_id, body }) => {
        if (!STEPS.includes(body.type) || !('position' in body)) return [];
        const on_restart = body.type === 'step.started' ? body.onRestart : null;
        const certain = body.type === 'step.failed' ? body.certain : null;
        return [{ job_id, type: body.type, position: body.position, on_restart, certain }];
      }),
  ),
  keepErrors: twin<[string]>(({ tables }, text) =>
    (JSON.parse(text) as KeptError[]).flatMap(({ tenant, jobId, attempt, error }) => {
      const row = tables.job_attempt.get(tenant, jobId, attempt);
      return row ? [tables.job_attempt.change(row, { error })] : [];
    }),
  ),
  overdueLeases: twin<[number, number]>(({ tables, now }, graceMs, limit) =>
    tables.job_lease
      .where((row) => row.due_at !== null && row.due_at < now - graceMs)
      .sort(by((row) => row.due_at ?? 0))
      .slice(0, limit)
      .map(({ tenant_id, job_id, attempt }) => {
        const until = tables.job.get(tenant_id, job_id)!.timeout_at;
        return { tenant_id, job_id, attempt, job_over: until !== null && until <= now };
      }),
  ),
  dropDue: twin<[string, string, number]>(({ tables }, tenant, id, attempt) => {
    const lease = tables.job_lease.get(tenant, id);
    return lease?.attempt === attempt ? [tables.job_lease.change(lease, { due_at: null })] : [];
  }),
  buryJobs: twin<[string[], string[], string[]]>(({ tables }, tenants, jobs, reasons) =>
    jobs.flatMap((id, at) => {
      const job = tables.job.get(tenants[at]!, id);
      if (job?.state !== 'failed' && job?.state !== 'timed_out') return [];
      return [tables.job.change(job, { dead_letter: reasons[at]! })];
    }),
  ),
};
