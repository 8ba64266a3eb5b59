/**
 * A record that was restored from a backup (ADR 0021): what its declaration does to jobs and attempts, and what becomes of
 * an attempt whose agent comes back to it. Decided by `restore.decision.ts`.
 */
import { appendJobs } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Transaction } from '../platform/database/index.ts';
import { Fault } from '../platform/errors.ts';
import { isRefusal } from '../platform/refusal.ts';
import { raise } from './fence.store.ts';
import { end, holdLease, type Lease } from './lease.store.ts';
import { reachOf } from './reach.ts';
import { afterRestore, afterReturn } from './restore.decision.ts';
import * as store from './restore.store.ts';
import type { SettleDependencies } from './settle.ts';
import { lockForMove, move } from './transition.store.ts';
import type { WorkflowsPort } from './workflows.port.ts';

export interface RestoreDependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly workflows: WorkflowsPort;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What a declaration did. */
export interface RestoredJobs extends store.Declared {
  /** Jobs that waited in the queue and now wait for a person. */
  readonly asked: number;
}

/** The next attempt of a job is so much beyond the last one on record, at least, and less than twice as much. */
const SKIP = 10_000;
const PAGE = 500;
const MAY_HAVE_RUN =
  'The record was restored from a backup. The job may have run since then, and a step of it must not be repeated blindly.';
const MAY_HAVE_BEEN_REPLACED =
  'The record was restored from a backup, and the agent had lost its lease before the control plane failed: another attempt may have followed.';

/** Throws CONTROL_PLANE_RUNS when a gateway beats within `ms`: it works with this record. */
export async function expectStopped(db: Database, ms: number): Promise<void> {
  const before = await store.listHeartbeats(db);
  if (before.size === 0) return;
  await new Promise((resolve) => setTimeout(resolve, ms));
  for (const [id, at] of await store.listHeartbeats(db)) {
    if (before.get(id) === at) continue;
    throw new Fault({
      code: 'CONTROL_PLANE_RUNS',
      what: 'A control plane works with this database',
      why: `gateway ${id} has just beaten`,
      fix: 'Stop every replica, then say that the record was restored, then start them',
    });
  }
}

/**
 * The queue first, page by page, and the epoch last, with `also` in its transaction: a declaration that was cut short is
 * made again. The control plane must not run.
 */
export async function declareRestored(
  deps: RestoreDependencies,
  failedAt: Date,
  { askAboutPending, also }: { askAboutPending: boolean; also: (tx: Transaction, done: RestoredJobs) => Promise<void> },
): Promise<RestoredJobs> {
  const asked = askAboutPending ? await doubtPending(deps) : 0;
  const skip = SKIP + Math.floor(deps.random() * SKIP);
  return deps.db.transaction(async (tx) => {
    const done = { ...(await store.declare(tx, failedAt, skip)), asked };
    await also(tx, done);
    return done;
  });
}

async function doubtPending({ db, workflows, clock }: RestoreDependencies): Promise<number> {
  /** Of jobs that have not begun: by workflow. */
  const untried = new Map<string, boolean>();
  let asked = 0;
  let after = { tenant: '', jobId: '00000000-0000-0000-0000-000000000000' };
  for (let page = PAGE; page === PAGE;) {
    const jobs = await store.listPending(db, after, PAGE);
    page = jobs.length;
    after = jobs.at(-1) ?? after;
    const doubtful: store.PendingJob[] = [];
    for (const job of jobs) {
      const reachable = (job.tried ? undefined : untried.get(job.workflowId)) ?? (await isUnsafe(job));
      if (!job.tried) untried.set(job.workflowId, reachable);
      if (afterRestore({ unsafeReachable: reachable }) === 'ask') doubtful.push(job);
    }
    if (doubtful.length > 0) asked += await store.doubt(db, doubtful, MAY_HAVE_RUN);
  }
  return asked;

  async function isUnsafe(job: store.PendingJob): Promise<boolean> {
    const workflow = await workflows.resolve(job.tenant, job.workflowId);
    return isRefusal(workflow) || (await reachOf(db, job, job, workflow, clock.now())).reachable;
  }
}

/**
 * An agent comes back with an attempt that was out when the backup was made. True: it goes on. False: its lease is gone and
 * a person is asked; the attempt is fenced. `unleasedMs`: since when the agent had no lease, as it says.
 */
export async function settleRestored(
  deps: SettleDependencies,
  key: Lease,
  agentId: string,
  { unleasedMs, marginMs }: { readonly unleasedMs: number | null; readonly marginMs: number },
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const job = await lockForMove(tx, key.tenant, key.jobId);
    const lease = await holdLease(tx, key.tenant, key.jobId);
    if (!job || lease?.attempt !== key.attempt || lease.agentId !== agentId) return false;
    const restore = await store.findRestore(tx);
    if (!lease.restored || restore === null) return true;
    const workflow = await deps.workflows.resolve(key.tenant, job.workflowId);
    const unsafe = isRefusal(workflow) || (await reachOf(tx, key, job, workflow, deps.clock.now())).reachable;
    const leaseEndedAt = unleasedMs === null ? null : restore.now - unleasedMs;
    const { failedAt } = restore;
    if (afterReturn({ unsafeReachable: unsafe, leaseEndedAt, failedAt, marginMs }) === 'continue') {
      await store.confirm(tx, key);
      return true;
    }
    await raise(tx, key);
    const review = { reason: MAY_HAVE_BEEN_REPLACED, position: null };
    const state = await move(tx, { ...key, state: job.state }, 'suspend', { review });
    await end(tx, [{ ...key, outcome: 'lost' }]);
    if (state) await appendJobs(tx, [{ ...key, state }], deps.clock.now());
    return false;
  });
}
