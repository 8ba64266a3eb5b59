/**
 * Settles attempts that cannot end themselves: lost leases (design section 6), refused assignments, attempts fenced
 * for breaking the protocol. Each is one transaction that locks the job, decides by a pure function, and writes.
 */
import { appendJobs } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { raise } from './fence.store.ts';
import { JOB_DEADLINE, resumeEventOf } from './job.lifecycle.ts';
import { end, holdLease, type AttemptKey, type Lease } from './lease.store.ts';
import { afterLostLease, type LostLeaseVerdict } from './lost-lease.decision.ts';
import { isPauseWanted } from './pause.decision.ts';
import { holdBack } from './pause.store.ts';
import type { ReadyQueue } from './queue.port.ts';
import { reachOf } from './reach.ts';
import { afterRefusal, deadReasonOfRefusal } from './refusal.decision.ts';
import { bury } from './retry.store.ts';
import { putOff, takeUp } from './silence.store.ts';
import { lockForMove, move, startWaiting, type LockedJob } from './transition.store.ts';
import type { WorkflowsPort } from './workflows.port.ts';

export interface SettleDependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly queue: ReadyQueue;
  readonly workflows: WorkflowsPort;
}

/** How an attempt lost its lease. */
export interface Loss extends AttemptKey {
  readonly silentMs: number;
  readonly recordsLost: boolean;
  /** Checked with the job locked: false when the agent came back meanwhile, and then nothing is done. */
  readonly stillLost: (tx: Transaction) => Promise<boolean>;
}

/** What was done, and whose slot is free again. */
export type Settled = { readonly verdict: LostLeaseVerdict['do'] | 'none'; readonly agentId: string | null };

/** Applies the lost-lease decision to one attempt. */
export async function settleLost(deps: SettleDependencies, loss: Loss): Promise<Settled> {
  return deps.db.transaction(async (tx) => {
    if (!(await loss.stillLost(tx))) return { verdict: 'none', agentId: null };
    const job = await lockForMove(tx, loss.tenant, loss.jobId);
    const lease = await holdLease(tx, loss.tenant, loss.jobId);
    if (!job || lease?.attempt !== loss.attempt) return { verdict: 'none', agentId: null };
    const verdict = await decide(deps, tx, job, lease, loss);
    await carryOut(deps, tx, job, lease, verdict);
    if (verdict.do === 'wait' || verdict.do === 'review') return keep(tx, lease, verdict, loss);
    return { verdict: verdict.do, agentId: lease.agentId };
  });
}

/** Ends an attempt that the agent (or the control plane) refused to start. */
export async function settleRefused(
  deps: SettleDependencies,
  key: AttemptKey,
  agentId: string,
  error: { code: string; reason: string },
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const job = await lockForMove(tx, key.tenant, key.jobId);
    const lease = await holdLease(tx, key.tenant, key.jobId);
    if (!job || lease?.attempt !== key.attempt || lease.agentId !== agentId || lease.ackedSeq > 0) return false;
    if (error.code === JOB_DEADLINE.code && job.state === 'leased') return timeOut(deps, tx, lease);
    const verdict = afterRefusal({ ...job, attempts: job.tries, code: error.code });
    const again = verdict.do === 'again';
    const state = await move(tx, { ...key, state: job.state }, again ? 'requeue' : 'refuse', {
      ...(again ? {} : { error: { type: 'about:blank', status: 503, title: error.reason, code: error.code } }),
    });
    if (!state) return false;
    await end(tx, [{ ...key, outcome: again ? 'requeued' : 'refused' }]);
    const held = again && isPauseWanted(lease);
    if (held) await holdBack(tx, key, verdict.afterMs);
    else if (again) await startWaiting(tx, key.tenant, key.jobId, verdict.afterMs);
    else await bury(tx, [{ ...key, reason: deadReasonOfRefusal(error.code) }]);
    await appendJobs(tx, [{ ...key, state: held ? 'paused' : state }], deps.clock.now());
    return true;
  });
}

/** The agent may have got it before and not said so: it is fenced, and told. */
async function timeOut(deps: SettleDependencies, tx: Transaction, lease: Lease): Promise<boolean> {
  const state = await move(tx, lease, 'tooLate', { error: JOB_DEADLINE });
  if (!state) return false;
  await raise(tx, lease);
  await end(tx, [{ ...lease, outcome: 'timed_out: not started' }]);
  await appendJobs(tx, [{ ...lease, state }].map(changeOf), deps.clock.now());
  return true;
}

/**
 * The agent of a job that waits for a person came back with the right to go on: the job is what it was before. False when
 * a person was faster: the lease is gone, and the attempt is fenced.
 */
export async function settleReturned(deps: SettleDependencies, key: AttemptKey, agentId: string): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const job = await lockForMove(tx, key.tenant, key.jobId);
    const lease = await holdLease(tx, key.tenant, key.jobId);
    if (!job || lease?.attempt !== key.attempt || lease.agentId !== agentId) return false;
    if (job.state !== 'needs_review') return true;
    const event = resumeEventOf({
      started: lease.ackedSeq > 0,
      cancelling: lease.cancelling,
      paused: isPauseWanted(lease),
    });
    const state = await move(tx, { ...key, state: job.state }, event, { review: null });
    if (!state) return false;
    await takeUp(tx, key);
    await appendJobs(tx, [{ ...lease, state }].map(changeOf), deps.clock.now());
    return true;
  });
}

async function decide(
  deps: SettleDependencies,
  tx: Transaction,
  job: LockedJob,
  lease: Lease,
  loss: Loss,
): Promise<LostLeaseVerdict> {
  const workflow = await deps.workflows.resolve(loss.tenant, job.workflowId);
  if (isRefusal(workflow)) return { do: 'review', position: null, reason: 'The workflow that ran is gone.' };
  const { reachable, openUnsafe } = await reachOf(tx, loss, job, workflow, deps.clock.now());
  return afterLostLease({
    state: job.state,
    silentMs: loss.silentMs,
    onDisconnect: workflow.analysis.onDisconnect,
    restored: lease.restored,
    disconnectGraceMs: workflow.analysis.disconnectGraceMs,
    // An assignment that never reached the agent's disk has started nothing.
    unsafeReachable: reachable && (lease.accepted || !loss.recordsLost),
    openUnsafe,
    attempts: job.tries,
    maxAttempts: job.maxAttempts,
    recordsLost: loss.recordsLost,
  });
}

/** The lease stays: the agent may come back with its outbox and settle the job. One without its records cannot. */
async function keep(
  tx: Transaction,
  lease: Lease,
  verdict: Extract<LostLeaseVerdict, { do: 'wait' | 'review' }>,
  loss: Loss,
): Promise<Settled> {
  if (loss.recordsLost) {
    await end(tx, [{ ...lease, outcome: 'lost' }]);
    return { verdict: verdict.do, agentId: lease.agentId };
  }
  await putOff(tx, lease, verdict.do === 'wait' ? verdict.forMs : null);
  return { verdict: verdict.do, agentId: null };
}

async function carryOut(
  deps: SettleDependencies,
  tx: Transaction,
  job: LockedJob,
  lease: Lease,
  verdict: LostLeaseVerdict,
): Promise<void> {
  if (verdict.do === 'wait') return;
  const key = { tenant: lease.tenant, jobId: lease.jobId, state: job.state };
  if (verdict.do === 'review') {
    const state = await move(tx, key, 'suspend', { review: { reason: verdict.reason, position: verdict.position } });
    if (state) await appendJobs(tx, [{ ...lease, state }].map(changeOf), deps.clock.now());
    return;
  }
  const event = { requeue: 'requeue', cancel: 'cancelled', fail: 'fail' } as const;
  const change = verdict.do === 'fail' ? { error: lostTooOften(job) } : {};
  const state = await move(tx, key, event[verdict.do], change);
  if (!state) return;
  if (verdict.do === 'fail') await bury(tx, [{ ...key, reason: 'exhausted' }]);
  await end(tx, [{ tenant: lease.tenant, jobId: lease.jobId, attempt: lease.attempt, outcome: 'lost' }]);
  const held = state === 'pending' && isPauseWanted(lease);
  if (held) await holdBack(tx, key);
  else if (state === 'pending') {
    await deps.queue.offer(tx, lease.tenant, [{ jobId: lease.jobId, routeId: job.routeId, rank: job.rank }]);
  }
  await appendJobs(tx, [{ ...lease, state: held ? ('paused' as const) : state }].map(changeOf), deps.clock.now());
}

function changeOf({ tenant, jobId, attempt, state }: Lease): {
  tenant: string;
  jobId: string;
  attempt: number;
  state: Lease['state'];
} {
  return { tenant, jobId, attempt, state };
}

function lostTooOften(job: LockedJob): Record<string, unknown> {
  return {
    type: 'about:blank',
    status: 503,
    code: 'LEASE_LOST_TOO_OFTEN',
    title: `The agent was lost in each of ${job.tries} attempts.`,
    detail: 'Look at the agents that ran it, then retry the job.',
  };
}
