/** Twins of what is read and kept of failed attempts. */
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
      const ends = [job.deadline, timeUntil(job)].filter((end) => end !== null);
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
  buryJobs: twin<[string[], string[], string[]]>(({ tables }, tenants, jobs, reasons) =>
    jobs.flatMap((id, at) => {
      const job = tables.job.get(tenants[at]!, id);
      if (job?.state !== 'failed' && job?.state !== 'timed_out') return [];
      return [tables.job.change(job, { dead_letter: reasons[at]! })];
    }),
  ),
};

/** When the time of a job that has started is over. */
export function timeUntil(job: {
  readonly started_at: number | null;
  readonly timeout_ms: number | null;
}): number | null {
  return job.started_at === null || job.timeout_ms === null ? null : job.started_at + job.timeout_ms;
}
