/**
 * The loops that keep the queue true when nothing else happens: jobs that may run now are promoted, deadlines pass,
 * lost leases are settled, assignments that may have been lost are sent again, old live events are forgotten.
 *
 * Every turn is bounded and idempotent. What concerns this replica's own tunnels, and promotion, which is to be quick, runs
 * on every replica; what reads the whole record runs on one at a time.
 */
import { LEASE_MARGIN_MS, LEASE_MS } from '@casare/shared/protocol';
import { appendJobs, pruneLive, type LiveService } from '../live/index.ts';
import type { Transaction } from '../platform/database/index.ts';
import { forgetIdempotencyKeys } from '../platform/http/idempotency.store.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import type { Singletons } from '../platform/singletons.ts';
import type { Dispatcher } from './dispatcher.ts';
import { sweepFences } from './fences.ts';
import { JOB_DEADLINE } from './job.lifecycle.ts';
import { holdLease } from './lease.store.ts';
import { forgetDeadGateways } from './session.store.ts';
import { listPauseWords } from './pause.store.ts';
import { settleLost, type SettleDependencies } from './settle.ts';
import { listSilent, putOff, silentFor, type SilenceBounds, type SilentLease } from './silence.store.ts';
import { CANCEL_GRACE_MS } from './steer.service.ts';
import { listCancelling, listUnaccepted } from './sweep.store.ts';
import { lockForMove, move, stopWaiting } from './transition.store.ts';
import { timeLimitError } from './time-limit.decision.ts';
import { listOverdue, type OverdueAttempt } from './time-limit.store.ts';
import { settleOverdue } from './time-limits.ts';
import { listPassedDeadlines, takeDue } from './waiting.store.ts';

export interface SweepDependencies extends SettleDependencies {
  readonly live: LiveService;
  readonly log: Log;
  readonly dispatcher: Dispatcher;
  /** Whoever owns it starts and stops it. */
  readonly singletons: Singletons;
  /** The oldest heartbeat that a gateway may renew leases on, milliseconds. */
  readonly heartbeatMs: number;
  readonly times: JobTimes;
  /** Spreads retries; `Math.random` when absent. */
  readonly random?: () => number;
}

/** Times that the sweeps go by, milliseconds. */
export interface JobTimes {
  /** A lease, from the moment it was renewed. */
  readonly leaseMs: number;
  /** How much longer than the lease the server waits. */
  readonly marginMs: number;
  /** An assignment that is not accepted after this is sent again. */
  readonly acceptMs: number;
  /** How much longer than its time an attempt is left to its agent, which ends it itself. */
  readonly overdueMs: number;
  /** How often a replica compares what it believes about its agents' leases with the record. */
  readonly recountMs: number;
  /** How often the queue is counted for its metric. */
  readonly countMs: number;
}

export const DEFAULT_TIMES: JobTimes = {
  leaseMs: LEASE_MS,
  marginMs: LEASE_MARGIN_MS,
  acceptMs: 10_000,
  overdueMs: 30_000,
  recountMs: 10_000,
  countMs: 15_000,
};

const BATCH = 500;
/** Batches in one turn at most; the next turn goes on. */
const TURNS = 20;
/** A lease that could not be settled is looked at again after this, milliseconds: it must not hide others. */
const RETRY_MS = 30_000;
/** An attempt that a person ended on another replica is told after this, milliseconds. */
const FENCES_MS = 1_000;
/** A cancel or a pause asked for on another replica is found after this, milliseconds. */
const CANCEL_MS = 1_000;
/** Live events are kept this long, milliseconds: a console that was away longer reads the jobs instead. */
const LIVE_KEPT_MS = 24 * 3_600_000;
/** A request may be repeated with its key for this long, milliseconds. */
const KEYS_KEPT_MS = 7 * 86_400_000;
/** A gateway that was killed is forgotten after this, milliseconds; one that comes back registers anew. */
const GATEWAY_KEPT_MS = 24 * 3_600_000;

/** Starts the sweeps; the function stops them. */
export function startSweeps(deps: SweepDependencies): { promote: () => void; stop: () => Promise<void> } {
  const loop = (name: string, intervalMs: number, run: (signal: AbortSignal) => Promise<void>): Loop =>
    startLoop({ name, intervalMs, log: deps.log, run });
  const promotion = loop('promotion', 1_000, () => promote(deps));
  const loops = [
    promotion,
    loop('fences', FENCES_MS, () =>
      sweepFences({ ...deps, promotable: () => promotion.wake() }, { ...deps.times, heartbeatMs: deps.heartbeatMs }),
    ),
    loop('cancels and pauses', CANCEL_MS, () => steerAgain(deps)),
    loop('unaccepted', deps.times.acceptMs / 2, () => assignAgain(deps)),
  ];
  const once = (name: string, intervalMs: number, run: (signal: AbortSignal) => Promise<void>): Loop =>
    deps.singletons.loop({ name: `jobs.${name}`, intervalMs, run });
  once('deadlines', 1_000, (signal) => passDeadlines(deps, signal));
  once('overdue attempts', 2_000, (signal) => endOverdue(deps, signal));
  once('lost leases', 2_000, (signal) => settleSilent(deps, signal));
  once('live events', 600_000, async (signal) => {
    await pruneLive(deps.db, new Date(deps.clock.now().getTime() - LIVE_KEPT_MS), () => signal.aborted);
  });
  once('idempotency keys', 600_000, () => forgetIdempotencyKeys(deps.db, KEYS_KEPT_MS, BATCH));
  once('dead gateways', 600_000, () => forgetDeadGateways(deps.db, GATEWAY_KEPT_MS));
  return {
    promote: () => promotion.wake(),
    stop: async () => {
      await Promise.all(loops.map((each) => each.stop()));
    },
  };
}

async function promote(deps: SweepDependencies): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    const promoted = await deps.db.transaction(async (tx) => {
      const due = await takeDue(tx, BATCH);
      const byTenant = Map.groupBy(due, (job) => job.tenant);
      for (const [tenant, jobs] of byTenant) await deps.queue.offer(tx, tenant, jobs);
      return due.length;
    });
    if (promoted === 0) return;
    deps.dispatcher.wake();
  }
}

async function passDeadlines(deps: SweepDependencies, signal: AbortSignal): Promise<void> {
  for (let turn = 0; turn < TURNS && !signal.aborted; turn++) {
    const passed = await listPassedDeadlines(deps.db, BATCH);
    let failed = false;
    for (const key of passed) failed = !(await each(deps, key, () => passDeadline(deps, key))) || failed;
    if (passed.length > 0) deps.live.wake();
    if (failed || passed.length < BATCH) return;
  }
}

async function passDeadline(deps: SweepDependencies, key: { tenant: string; jobId: string }): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const job = await lockForMove(tx, key.tenant, key.jobId);
    // The waiting room first: see `SteerService.cancel`.
    await stopWaiting(tx, key.tenant, key.jobId);
    // One that was leased meanwhile is not late any more, also when it is paused.
    if (!job || (await holdLease(tx, key.tenant, key.jobId))) return;
    // A job that waits for another try may be out of time without a deadline, or before it.
    const late = job.attempt === 0 || (job.deadline !== null && job.deadline <= deps.clock.now());
    const error = late ? JOB_DEADLINE : timeLimitError('job');
    const state = await move(tx, { ...key, state: job.state }, 'deadline', { error });
    if (!state) return;
    await deps.queue.remove(tx, key.tenant, key.jobId);
    await appendJobs(tx, [{ ...key, state, attempt: job.attempt }], deps.clock.now());
  });
}

/** Does one of many: what fails with it is logged and does not keep the others from being looked at. */
async function each(deps: SweepDependencies, key: { jobId: string }, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    deps.log.error('a sweep could not settle a job; it tries again', { jobId: key.jobId, error });
    return false;
  }
}

async function endOverdue(deps: SweepDependencies, signal: AbortSignal): Promise<void> {
  for (const overdue of await listOverdue(deps.db, deps.times.overdueMs, BATCH)) {
    if (signal.aborted) return;
    await each(deps, overdue, () => endOne(deps, overdue));
  }
}

async function endOne(deps: SweepDependencies, overdue: OverdueAttempt): Promise<void> {
  const agentId = await settleOverdue(deps, overdue, deps.random ?? Math.random);
  deps.live.wake();
  if (agentId === null) return;
  const { jobId, attempt } = overdue;
  deps.log.warn('an attempt was ended: its time was over and its agent did not end it', { jobId, attempt, agentId });
  deps.dispatcher.released(agentId, overdue);
  // Told at once, if it is connected here; on another replica its sweep over fences tells it.
  deps.dispatcher.send(agentId, { type: 'run.fenced', jobId, attempt, reason: 'Its time is over.', confirm: true });
  deps.dispatcher.wake();
}

async function settleSilent(deps: SweepDependencies, signal: AbortSignal): Promise<void> {
  const bounds = { ...deps.times, heartbeatMs: deps.heartbeatMs };
  for (const silent of await listSilent(deps.db, bounds, BATCH)) {
    if (signal.aborted) return;
    const settled = await each(deps, silent, () => settleOne(deps, silent, bounds));
    if (!settled) await putOff(deps.db, silent, RETRY_MS);
  }
}

async function settleOne(deps: SweepDependencies, silent: SilentLease, bounds: SilenceBounds): Promise<void> {
  const stillLost = async (tx: Transaction): Promise<boolean> => (await silentFor(tx, silent, bounds)) > 0;
  const settled = await settleLost(deps, { ...silent, recordsLost: false, stillLost });
  if (settled.verdict === 'wait' || settled.verdict === 'none') return;
  deps.log.warn('a lease was lost', { jobId: silent.jobId, attempt: silent.attempt, ...settled });
  if (settled.agentId) deps.dispatcher.released(settled.agentId, silent);
  deps.live.wake();
  deps.dispatcher.wake();
}

async function assignAgain(deps: SweepDependencies): Promise<void> {
  const agents = deps.dispatcher.connected().map((target) => target.agentId);
  if (agents.length === 0) return;
  for (const key of await listUnaccepted(deps.db, agents, deps.times.acceptMs, BATCH)) {
    await each(deps, key, () => deps.dispatcher.deliver(key, key.agentId));
  }
}

/** Whoever was asked to cancel or to pause told only its own tunnels. */
async function steerAgain(deps: SweepDependencies): Promise<void> {
  const agents = deps.dispatcher.connected().map((target) => target.agentId);
  if (agents.length === 0) return;
  for (const { agentId, jobId, attempt } of await listCancelling(deps.db, agents, BATCH)) {
    const reason = 'A cancel was asked for.';
    deps.dispatcher.cancel(agentId, { type: 'job.cancel', jobId, attempt, graceMs: CANCEL_GRACE_MS, reason }, true);
  }
  for (const word of await listPauseWords(deps.db, agents, BATCH * TURNS)) deps.dispatcher.pause(word);
}
