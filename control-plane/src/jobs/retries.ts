/**
 * Retries of a batch's failed attempts: before the batch is written, each failure is judged and one that is retried
 * goes back to pending instead of ending; after it, the errors are kept and the jobs wait or are buried. One
 * transaction with the record of the failure, so that nobody sees a failed job that is then tried again.
 */
import { next } from '@casare/shared/lifecycle';
import type { RunEvent, WorkflowError } from '@casare/shared/protocol';
import { appendJobs } from '../live/index.ts';
import type { Transaction } from '../platform/database/index.ts';
import { JOB } from './job.lifecycle.ts';
import type { AttemptKey } from './lease.store.ts';
import { isPauseWanted } from './pause.decision.ts';
import { holdBack } from './pause.store.ts';
import { afterFailure, doubtsOf, type AfterFailure, type StepRecord } from './retry.decision.ts';
import { bury, keepAttemptErrors, readFailureFacts, readStepRecords } from './retry.store.ts';
import type { RunWrite } from './run.store.ts';
import { relistDeadline, startWaiting } from './transition.store.ts';

/** A batch as it is to be written, and what is to be done once it is. */
export interface JudgedBatch {
  readonly writes: RunWrite[];
  readonly failed: readonly FailedWrite[];
}

interface FailedWrite {
  readonly write: RunWrite;
  readonly error: WorkflowError;
  readonly verdict: AfterFailure;
}

/** Judges the attempts that this batch ends as failed or timed out. */
export async function judgeFailures(
  tx: Transaction,
  writes: readonly RunWrite[],
  random: () => number,
): Promise<JudgedBatch> {
  const ended = writes.flatMap((write) => {
    const error = errorOf(write);
    return error === null ? [] : [{ write, error }];
  });
  if (ended.length === 0) return { writes: [...writes], failed: [] };
  const facts = await readFailureFacts(
    tx,
    ended.map(({ write }) => write),
  );
  const earlier = await readStepRecords(
    tx,
    ended.map(({ write }) => ({ ...write, firstAttempt: facts.get(write.jobId)!.firstAttempt })),
  );
  const failed = ended.map(({ write, error }): FailedWrite => {
    const doubts = doubtsOf([...(earlier.get(write.jobId) ?? []), ...write.events.flatMap(stepRecordOf)]);
    const verdict = afterFailure({ ...facts.get(write.jobId)!, error, doubts, random: random() });
    // Where the table forbids it (a cancel was asked for, a person was asked) the failure is final.
    if (verdict.do === 'retry' && next(JOB, write.state, 'retryLater') === null) {
      return { write, error, verdict: { do: 'bury', reason: 'exhausted' } };
    }
    return { write, error, verdict };
  });
  const again = new Map(
    failed.filter(({ verdict }) => verdict.do === 'retry').map(({ write }) => [write, retried(write)]),
  );
  return {
    writes: writes.map((write) => again.get(write) ?? write),
    failed: failed.map((each) => ({ ...each, write: again.get(each.write) ?? each.write })),
  };
}

/** After the batch is written and its leases have ended. */
export async function settleFailures(tx: Transaction, failed: readonly FailedWrite[], now: Date): Promise<void> {
  if (failed.length === 0) return;
  await keepAttemptErrors(
    tx,
    failed.map(({ write, error }) => ({ ...write, error })),
  );
  await bury(
    tx,
    failed.flatMap(({ write, verdict }) => (verdict.do === 'bury' ? [{ ...write, reason: verdict.reason }] : [])),
  );
  for (const { write, verdict } of failed) {
    if (verdict.do !== 'retry') continue;
    await relistDeadline(tx, write.tenant, write.jobId);
    if (isPauseWanted(write)) {
      // Its person wanted it to stand still: the next try waits for them.
      const state = await holdBack(tx, write, verdict.afterMs);
      await appendJobs(tx, [{ ...keyOf(write), state }], now);
    } else await startWaiting(tx, write.tenant, write.jobId, verdict.afterMs);
  }
}

function retried(write: RunWrite): RunWrite {
  return { ...write, fold: { ...write.fold, state: next(JOB, write.state, 'retryLater')! } };
}

function keyOf({ tenant, jobId, attempt }: AttemptKey): AttemptKey {
  return { tenant, jobId, attempt };
}

function errorOf({ fold }: RunWrite): WorkflowError | null {
  const body = fold.ending?.body;
  return body?.type === 'run.failed' || body?.type === 'run.timed_out' ? body.error : null;
}

function stepRecordOf({ body }: RunEvent): StepRecord[] {
  if (body.type === 'step.started') {
    return [{ type: body.type, position: body.position, onRestart: body.onRestart, certain: null }];
  }
  if (body.type === 'step.completed') {
    return [{ type: body.type, position: body.position, onRestart: null, certain: null }];
  }
  if (body.type !== 'step.failed') return [];
  return [{ type: body.type, position: body.position, onRestart: null, certain: body.certain }];
}
