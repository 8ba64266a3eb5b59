/** May a step that must not be repeated have run, or still run, judged from what is on record of a job's generation? */
import type { RunEvent } from '@casare/shared/protocol';
import { unsafeReachable, type Reach } from '@casare/shared/workflow';
import type { Queryable } from '../platform/database/index.ts';
import { readJournal } from './run.store.ts';
import type { LockedJob } from './transition.store.ts';
import type { RunnableWorkflow } from './workflows.port.ts';

/** Of a locked job with an attempt that has not ended. */
export async function reachOf(
  tx: Queryable,
  key: { readonly tenant: string; readonly jobId: string },
  job: Pick<LockedJob, 'firstAttempt' | 'retried'>,
  workflow: RunnableWorkflow,
  now: Date,
): Promise<Reach> {
  const journal = await readJournal(tx, key.tenant, key.jobId, job.firstAttempt);
  // An ending at the end is that of an earlier attempt, which was retried.
  const resumed: RunEvent = { seq: 1, at: now.toISOString(), body: { type: 'run.started', resumed: true } };
  return unsafeReachable(workflow.document, [...journal, ...(job.retried > 0 ? [resumed] : [])]);
}
