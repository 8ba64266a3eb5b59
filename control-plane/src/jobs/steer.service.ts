/**
 * What people do to jobs: cancel, pause, resume, retry, settle a review. Each is one transaction; the state is changed through the
 * lifecycle table, and a job in a state that does not allow the action is refused with the reason.
 */
import type { JobState, ReviewRequest } from '@casare/shared/api';
import type { JobCancel } from '@casare/shared/protocol';
import { appendJobs, type LiveService } from '../live/index.ts';
import type { Transaction } from '../platform/database/index.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import type { Dispatcher } from './dispatcher.ts';
import { isFenced, raise } from './fence.store.ts';
import { FENCED_HERE } from './fences.ts';
import { end, holdLease, noteCancel, type Lease } from './lease.store.ts';
import { pause, resume, type PauseVerdict } from './pause.decision.ts';
import { canPause, hold, notePause, type PauseWord } from './pause.store.ts';
import type { SettleDependencies } from './settle.ts';
import { silentFor, type SilenceBounds } from './silence.store.ts';
import type { Submitter } from './submit.service.ts';
import {
  lockForMove,
  move,
  releaseKeys,
  settleStepInDoubt,
  startWaiting,
  stopWaiting,
  type Change,
  type LockedJob,
} from './transition.store.ts';
import type { JobEvent } from './job.lifecycle.ts';

export interface SteerDependencies extends SettleDependencies {
  readonly live: LiveService;
  readonly dispatcher: Dispatcher;
  readonly audit: (
    tx: Transaction,
    by: Submitter,
    action: string,
    jobId: string,
    detail: Record<string, unknown>,
  ) => Promise<void>;
  readonly onPromotable: () => void;
  readonly bounds: SilenceBounds;
}

/** How long a soft cancel may take before the agent kills the worker, milliseconds. */
export const CANCEL_GRACE_MS = 10_000;

interface Moved {
  readonly state: JobState;
  /** To be told after COMMIT. */
  readonly cancel?: { agentId: string; message: JobCancel };
  readonly pause?: PauseWord;
  readonly released?: { agentId: string; attempt: number };
}

export class SteerService {
  readonly #deps: SteerDependencies;

  constructor(dependencies: SteerDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Cancels: a pending job at once, a running one softly first. Cancelling twice is the same as once. A job that waits for a
   * person has an agent that does not answer, or none: it is over at once, and the attempt that may be out there is fenced.
   */
  cancel(by: Submitter, jobId: string): Promise<Refusal | null> {
    return this.#act(by, jobId, 'job.cancel', {}, async (tx, job) => {
      if (job.state === 'cancelling' || job.state === 'cancelled') return { state: job.state };
      const lease = await holdLease(tx, by.tenant, jobId);
      const isHeld = job.state === 'paused' && !lease;
      if (job.state === 'pending' || isHeld) await this.#leaveQueue(tx, by.tenant, jobId);
      const state = await this.#move(tx, by, jobId, job, isHeld ? 'cancelHeld' : 'cancel', { review: null });
      if (isRefusal(state)) return state;
      if (!lease) return { state };
      if (state !== 'cancelling') return this.#takeAway(tx, lease, 'cancel', { state });
      await noteCancel(tx, by.tenant, jobId);
      const reason = `Cancelled by ${by.actor}.`;
      const message: JobCancel = {
        type: 'job.cancel',
        jobId,
        attempt: lease.attempt,
        graceMs: CANCEL_GRACE_MS,
        reason,
      };
      return { state, cancel: { agentId: lease.agentId, message } };
    });
  }

  /** Pauses: a job that waits at once, a run when the step under way is over. Twice is the same as once. */
  pause(by: Submitter, jobId: string): Promise<Refusal | null> {
    return this.#act(by, jobId, 'job.pause', {}, async (tx, job) => {
      const lease = await holdLease(tx, by.tenant, jobId);
      const agentPauses = lease !== null && (await canPause(tx, by.tenant, lease.agentId));
      const verdict = pause(job.state, lease && { ...lease, agentPauses });
      return this.#heed(tx, by, jobId, job, lease, verdict);
    });
  }

  /** Takes a pause back; of a job that is not paused that is nothing. */
  resume(by: Submitter, jobId: string): Promise<Refusal | null> {
    return this.#act(by, jobId, 'job.resume', {}, async (tx, job) => {
      const lease = await holdLease(tx, by.tenant, jobId);
      return this.#heed(tx, by, jobId, job, lease, resume(job.state, lease));
    });
  }

  async #heed(
    tx: Transaction,
    by: Submitter,
    jobId: string,
    job: LockedJob,
    lease: Lease | null,
    verdict: PauseVerdict,
  ): Promise<Moved | Refusal> {
    switch (verdict.do) {
      case 'nothing':
        return { state: job.state };
      case 'refuse':
        return wrongState(job.state, 'pause');
      case 'cannot':
        return cannotPause(lease!.agentId);
      case 'tell': {
        await notePause(tx, lease!, verdict.word);
        return { state: job.state, pause: { ...lease!, pauseWord: verdict.word } };
      }
      case 'move':
        break;
    }
    const state = await this.#move(tx, by, jobId, job, verdict.event);
    if (isRefusal(state)) return state;
    if (verdict.event === 'release') await hold(tx, by.tenant, jobId, false);
    else await this.#holdBack(tx, by.tenant, jobId, job);
    return { state };
  }

  /** The waiting room first, as `#leaveQueue`: who is there stays there. A key that a job holds and has not used is free. */
  async #holdBack(tx: Transaction, tenant: string, jobId: string, job: LockedJob): Promise<void> {
    if (!(await hold(tx, tenant, jobId, true))) {
      await this.#deps.queue.remove(tx, tenant, jobId);
      await startWaiting(tx, tenant, jobId);
      await hold(tx, tenant, jobId, true);
    }
    if (job.attempt < job.firstAttempt) await releaseKeys(tx, [{ tenant, jobId }]);
  }

  /** Runs an ended job again, as a new generation. */
  retry(by: Submitter, jobId: string): Promise<Refusal | null> {
    return this.#act(by, jobId, 'job.retry', {}, (tx, job) => this.#again(tx, by, jobId, job, 'retry', true));
  }

  /**
   * Settles a job that waits for a person; the attempt that may still be out there is fenced. `continue` says what has been
   * done, so it is refused while the attempt may do more: whatever it did after that word would be done again.
   */
  review(by: Submitter, jobId: string, review: ReviewRequest): Promise<Refusal | null> {
    const silence = (tx: Transaction): Promise<number> =>
      silentFor(tx, { tenant: by.tenant, jobId }, this.#deps.bounds);
    const settle = async (tx: Transaction, job: LockedJob, silentMs: number): Promise<Moved | Refusal> => {
      const lease = await holdLease(tx, by.tenant, jobId);
      const goesOn = job.state === 'needs_review' && review.decision === 'continue';
      if (goesOn && lease && silentMs <= 0) return mayAct(lease.attempt, -silentMs);
      const moved = await this.#decide(tx, by, jobId, job, review, lease);
      return isRefusal(moved) || !lease ? moved : this.#takeAway(tx, lease, review.decision, moved);
    };
    return this.#act(by, jobId, 'job.review', review, settle, silence);
  }

  /** A person decided over the head of an attempt that may be out there. */
  async #takeAway(tx: Transaction, lease: Lease, decision: string, moved: Moved): Promise<Moved> {
    await raise(tx, lease);
    await end(tx, [{ ...lease, outcome: `reviewed: ${decision}` }]);
    return { ...moved, released: { agentId: lease.agentId, attempt: lease.attempt } };
  }

  async #decide(
    tx: Transaction,
    by: Submitter,
    jobId: string,
    job: LockedJob,
    review: ReviewRequest,
    lease: Lease | null,
  ): Promise<Moved | Refusal> {
    switch (review.decision) {
      case 'continue':
        await settleStepInDoubt(tx, by.tenant, jobId, review.output ?? null, by.actor);
        return this.#again(tx, by, jobId, job, 'reviewRetry', false, lease);
      case 'retry':
        return this.#again(tx, by, jobId, job, 'reviewRetry', true, lease);
      case 'succeed': {
        const state = await this.#move(tx, by, jobId, job, 'reviewSucceed', {
          output: review.output ?? {},
          review: null,
        });
        return isRefusal(state) ? state : { state };
      }
      case 'fail': {
        const error = { type: 'about:blank', status: 500, code: 'FAILED_BY_REVIEW', title: review.reason };
        const state = await this.#move(tx, by, jobId, job, 'reviewFail', { error, review: null });
        return isRefusal(state) ? state : { state };
      }
    }
  }

  /** The waiting room first: a promotion under way has then put the job into the queue, where the second look finds it. */
  async #leaveQueue(tx: Transaction, tenant: string, jobId: string): Promise<void> {
    await stopWaiting(tx, tenant, jobId);
    await this.#deps.queue.remove(tx, tenant, jobId);
  }

  /**
   * Back to pending: into the queue, or the waiting room when a concurrency key must be won again, or while an attempt that
   * a person ended (that of `lease`, or an earlier one) may still begin a step.
   */
  async #again(
    tx: Transaction,
    by: Submitter,
    jobId: string,
    job: LockedJob,
    event: JobEvent,
    anew: boolean,
    lease: Lease | null = null,
  ): Promise<Moved | Refusal> {
    const state = await this.#move(tx, by, jobId, job, event, { review: null, newGeneration: anew });
    if (isRefusal(state)) return state;
    const mayAct = lease !== null || (await isFenced(tx, by.tenant, jobId));
    if (mayAct || job.concurrencyKey !== null) await startWaiting(tx, by.tenant, jobId);
    else await this.#deps.queue.offer(tx, by.tenant, [{ jobId, routeId: job.routeId, rank: job.rank }]);
    return { state };
  }

  async #move(
    tx: Transaction,
    by: Submitter,
    jobId: string,
    job: LockedJob,
    event: JobEvent,
    change: Change = {},
  ): Promise<JobState | Refusal> {
    const state = await move(tx, { tenant: by.tenant, jobId, state: job.state }, event, change);
    return state ?? wrongState(job.state, event);
  }

  /** `first` is asked before the job is locked: for what must be locked before it. */
  async #act<T = undefined>(
    by: Submitter,
    jobId: string,
    action: string,
    detail: Record<string, unknown>,
    work: (tx: Transaction, job: LockedJob, before: T) => Promise<Moved | Refusal>,
    first?: (tx: Transaction) => Promise<T>,
  ): Promise<Refusal | null> {
    const done = await this.#deps.db.of(by.tenant).transaction(async (tx): Promise<Moved | Refusal> => {
      const before = (await first?.(tx)) as T;
      const job = await lockForMove(tx, by.tenant, jobId);
      if (!job)
        return refuse('not_found', 'JOB_NOT_FOUND', `There is no job ${jobId}.`, { fix: 'List jobs to find its id.' });
      const moved = await work(tx, job, before);
      if (isRefusal(moved) || (moved.state === job.state && !moved.pause)) return moved;
      await this.#deps.audit(tx, by, action, jobId, { ...detail, from: job.state, to: moved.state });
      if (moved.state === job.state) return moved;
      await appendJobs(
        tx,
        [{ tenant: by.tenant, jobId, state: moved.state, attempt: job.attempt }],
        this.#deps.clock.now(),
      );
      return moved;
    });
    if (isRefusal(done)) return done;
    if (done.cancel) this.#deps.dispatcher.cancel(done.cancel.agentId, done.cancel.message);
    if (done.pause) this.#deps.dispatcher.pause(done.pause);
    if (done.released) {
      const { agentId, attempt } = done.released;
      this.#deps.dispatcher.released(agentId, { jobId, attempt });
      // Told at once, if it is connected here; on another replica its sweep tells it.
      const fenced = { type: 'run.fenced', jobId, attempt, reason: FENCED_HERE, confirm: true } as const;
      this.#deps.dispatcher.send(agentId, fenced);
    }
    this.#deps.live.wake();
    this.#deps.dispatcher.wake();
    this.#deps.onPromotable();
    return null;
  }
}

function wrongState(state: JobState, event: JobEvent): Refusal {
  return refuse('conflict', 'JOB_WRONG_STATE', `The job is ${state}, which does not allow this (${event}).`, {
    fix: 'Look at the job: its state says what can be done with it.',
  });
}

function cannotPause(agentId: string): Refusal {
  return refuse(
    'conflict',
    'AGENT_CANNOT_PAUSE',
    `The job runs on agent ${agentId}, which is too old to pause a run.`,
    {
      fix: 'Update the agent, or cancel the job.',
    },
  );
}

function mayAct(attempt: number, forMs: number): Refusal {
  const why = `Attempt ${attempt} may still act, and what it did now would be done again (continue).`;
  const seconds = Math.ceil(forMs / 1_000) + 1;
  return refuse('conflict', 'ATTEMPT_MAY_ACT', why, {
    fix:
      `Look again in ${seconds} s: its agent comes back and settles the job, or has lost the right to act. ` +
      'One that is connected and never ends the attempt: lock the agent, or choose another decision.',
  });
}
