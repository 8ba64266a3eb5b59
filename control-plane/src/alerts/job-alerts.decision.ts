/** What a job's new state means for the rules about jobs. Pure. */
import type { JobState } from '@casare/shared/api';
import type { Cause } from './alert.store.ts';
import type { JobFacts, KeptRule } from './rule.store.ts';

/** For a rule: raise a cause, or clear one. */
export interface Meaning {
  readonly rule: KeptRule;
  readonly raise?: Cause;
  readonly clear?: string;
}

/** Whether facts about a job in this state are needed at all. */
export function concerns(state: JobState): boolean {
  return state === 'failed' || state === 'timed_out' || state === 'needs_review' || state === 'succeeded';
}

/**
 * A workflow fails: one alert until a job of it succeeds, however many fail meanwhile. A job waits for a person: one alert
 * until it waits no more.
 */
export function meaningOf(rule: KeptRule, jobId: string, state: JobState, job: JobFacts | undefined): Meaning | null {
  if (rule.kind === 'job.needs_review' && state !== 'needs_review') return { rule, clear: `job:${jobId}` };
  if (job === undefined || (rule.workflow !== null && rule.workflow !== job.workflow)) return null;
  const { workflow, code, why, review } = job;
  if (rule.kind === 'job.needs_review') {
    const title = `A job of ${workflow} needs a review`;
    return { rule, raise: { cause: `job:${jobId}`, title, detail: { job: jobId, workflow, reason: review } } };
  }
  if (rule.kind !== 'job.failed') return null;
  const cause = `workflow:${workflow}`;
  if (state === 'succeeded') return { rule, clear: cause };
  if (state !== 'failed' && state !== 'timed_out') return null;
  const title = `${workflow} ${state === 'failed' ? 'failed' : 'was not done in time'}`;
  return { rule, raise: { cause, title, detail: { job: jobId, workflow, code, why } } };
}
