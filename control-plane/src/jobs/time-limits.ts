/**
 * Ends attempts whose time is over and that their agents did not end: each is one transaction that locks the job, decides
 * by a pure function, and writes. An attempt that is over its own time only may be retried like one that failed.
 */
import { appendJobs } from '../live/index.ts';
import type { Transaction } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { raise } from './fence.store.ts';
import { end, holdLease, type AttemptKey, type Lease } from './lease.store.ts';
import { isPauseWanted } from './pause.decision.ts';
import { holdBack } from './pause.store.ts';
import { afterFailure, doubtsOf } from './retry.decision.ts';
import { bury, keepAttemptErrors, readFailureFacts, readStepRecords } from './retry.store.ts';
import { reachOf } from './reach.ts';
import type { SettleDependencies } from './settle.ts';
import { afterTimeLimit, timeLimitError } from './time-limit.decision.ts';
import { forgetDue, type OverdueAttempt } from './time-limit.store.ts';
import { lockForMove, move, startWaiting, type LockedJob } from './transition.store.ts';

/** Settles one; the agent whose attempt was ended, to be told, or `null` when it goes on. */
export async function settleOverdue(
  deps: SettleDependencies,
  overdue: OverdueAttempt,
  random: () => number,
): Promise<string | null> {
  return deps.db.transaction(async (tx) => {
    const job = await lockForMove(tx, overdue.tenant, overdue.jobId);
    const lease = await holdLease(tx, overdue.tenant, overdue.jobId);
    if (!job || lease?.attempt !== overdue.attempt) return null;
    const verdict = afterTimeLimit({ state: job.state, ...(await reach(deps, tx, overdue, job)) });
    if (verdict.do === 'timeOut') return timeOut(deps, tx, overdue, job, lease, random);
    await forgetDue(tx, overdue);
    if (verdict.do === 'leave') return null;
    const { reason, position } = verdict;
    const state = await move(tx, { ...overdue, state: job.state }, 'suspend', { review: { reason, position } });
    if (state) await appendJobs(tx, [{ ...keyOf(overdue), state }], deps.clock.now());
    return null;
  });
}

async function reach(
  deps: SettleDependencies,
  tx: Transaction,
  key: AttemptKey,
  job: LockedJob,
): Promise<{ unsafeReachable: boolean; openUnsafe: string | null }> {
  const workflow = await deps.workflows.resolve(key.tenant, job.workflowId);
  if (isRefusal(workflow)) return { unsafeReachable: true, openUnsafe: null };
  const { reachable, openUnsafe } = await reachOf(tx, key, job, workflow, deps.clock.now());
  return { unsafeReachable: reachable, openUnsafe };
}

async function timeOut(
  deps: SettleDependencies,
  tx: Transaction,
  overdue: OverdueAttempt,
  job: LockedJob,
  lease: Lease,
  random: () => number,
): Promise<string | null> {
  const key = keyOf(overdue);
  const error = timeLimitError(overdue.jobOver ? 'job' : 'attempt');
  const facts = (await readFailureFacts(tx, [key])).get(key.jobId)!;
  const records = (await readStepRecords(tx, [{ ...key, firstAttempt: job.firstAttempt }])).get(key.jobId) ?? [];
  const verdict = afterFailure({ ...facts, error, doubts: doubtsOf(records), random: random() });
  const again = verdict.do === 'retry';
  const state = await move(tx, { ...key, state: job.state }, again ? 'retryLater' : 'timeOut', { error });
  if (!state) return null;
  // The agent may be on another replica, and hang: it is told, and the next attempt waits until it has stopped.
  await raise(tx, key);
  await end(tx, [{ ...key, outcome: again ? 'retried' : state }]);
  await keepAttemptErrors(tx, [{ ...key, error }]);
  const held = again && isPauseWanted(lease);
  if (held) await holdBack(tx, key, verdict.afterMs);
  else if (again) await startWaiting(tx, key.tenant, key.jobId, verdict.afterMs);
  else await bury(tx, [{ ...key, reason: verdict.reason }]);
  await appendJobs(tx, [{ ...key, state: held ? 'paused' : state }], deps.clock.now());
  return lease.agentId;
}

function keyOf({ tenant, jobId, attempt }: AttemptKey): AttemptKey {
  return { tenant, jobId, attempt };
}
