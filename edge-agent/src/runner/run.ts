/**
 * One attempt with a worker: records what it does, gives it leave to act, restarts it when it dies, stops it when told.
 *
 * Invariants
 * - The worker hears `recorded` only after the event is in the outbox; for the start of a step that must not be repeated
 *   that is leave to act (`leave.ts`).
 * - A run with an ending has no worker; a run without one is either worked on, or waits in the outbox for a restart.
 */
import { once } from 'node:events';
import { endsRun, type PauseWish, type RunEventBody, type WorkflowError } from '@casare/shared/protocol';
import { describe, Fault } from '../fault.ts';
import type { Outbox, RunKey, StoredAssignment } from '../outbox/index.ts';
import { declaredOutputs, leavingOf, workerPart } from '../policy/index.ts';
import { type GivenSecrets, obtainSecrets } from '../secrets/index.ts';
import { endingOfBroken, endingOfCancelled, endingOfTimedOut, stepInDoubt } from './ending.decision.ts';
import type { FromWorker } from './ipc.ts';
import { LeaveToAct, needsLeave } from './leave.ts';
import { CANCELLED, LATE, type RunContext, STOPPED } from './run-context.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Workers that may die on one attempt before it is given up. */
export const CRASHES_ALLOWED = 3;
/** A worker whose run has ended gets this long to close its browser, milliseconds. */
const FAREWELL_MS = 10_000;
/** What a timer can hold, milliseconds: 24 days. */
const LONGEST_TIMER_MS = 2_147_483_647;
/** A stopping agent waits this long for a step in doubt, milliseconds. */
const STOP_GRACE_MS = 7_000;
/** A worker that cannot be ended now (its host is gone) stays on record: the next start sees to it. */
const STOP_MS = 8_500;

const cancelled = (reason: string): WorkflowError => ({ ...CANCELLED, detail: reason.slice(0, 16_000) });

type Stopping = 'no' | 'cancelled' | 'dropped' | 'agent' | 'late';

export class Run {
  readonly key: RunKey;
  readonly assignment: StoredAssignment;
  readonly #context: RunContext;
  readonly #given: GivenSecrets;
  #worker: WorkerProcess | null = null;
  readonly #leave: LeaveToAct;
  #intakes: Promise<unknown> = Promise.resolve();
  /** Steps whose start came when none was taken any more: nothing else of them is. */
  readonly #unbegun = new Set<string>();
  #stopping: Stopping = 'no';
  #cancelReason = '';
  /** What people said last about it; the word of an earlier one changes nothing. */
  #pause = { word: 0, paused: false };
  #broken: { code: string; reason: string } | null = null;
  readonly #gone = Promise.withResolvers<void>();
  #killTimer: NodeJS.Timeout | undefined;
  #limitTimer: NodeJS.Timeout | undefined;

  constructor(assignment: StoredAssignment, given: GivenSecrets, context: RunContext) {
    this.key = { jobId: assignment.jobId, attempt: assignment.attempt };
    this.assignment = assignment;
    this.#given = given;
    this.#context = context;
    const holds = assignment.onDisconnect === 'hold';
    this.#leave = new LeaveToAct({
      lease: context.lease,
      now: () => context.clock.now(),
      append: (request, events, happened) => this.#append(request, events, happened),
      wrote: () => context.wake(),
      flush: () => context.outbox.flush(),
      acknowledged: () => (holds ? (context.outbox.run(this.key)?.ackedSeq ?? 0) : null),
      grant: (request, seq, until) =>
        this.#worker?.send({ type: 'recorded', request, seq, ...(until === null ? {} : { actBefore: until }) }),
      refuse: (request, error) => this.#refuseBy(request, error, 'OUTBOX_FAILED'),
    });
  }

  get slot(): StoredAssignment['slot'] {
    return this.assignment.slot;
  }

  /** True while the run takes a slot: not when only its worker is still closing down. */
  get busy(): boolean {
    return this.#stopping !== 'dropped' && this.#context.outbox.run(this.key)?.ending === null;
  }

  /** Starts a worker on the journal: a fresh run, or one whose earlier worker or agent died. */
  start(): void {
    const { outbox, takeWorker } = this.#context;
    const worker = takeWorker();
    this.#worker = worker;
    outbox.markRunning(this.key);
    outbox.recordWorker(this.key, worker.record);
    worker.attach(
      (message) => this.#receive(worker, message),
      (record) => {
        if (worker === this.#worker && outbox.run(this.key) !== null) outbox.recordWorker(this.key, record);
      },
    );
    void worker.exited.then((why) => this.#exited(worker, why));
    if (this.#pause.paused) worker.send({ type: 'pause', on: true });
    void this.#begin(worker);
    this.#limit();
  }

  /** The worker gets the run with the values of its secrets, which it takes a while to obtain. */
  async #begin(worker: WorkerProcess): Promise<void> {
    const { outbox, runFolder, log, secretSources = [] } = this.#context;
    const policy = workerPart(this.#context.policy);
    try {
      // Without sources it is all there: the worker begins in this turn.
      const obtained =
        secretSources.length === 0 ? this.#given : await obtainSecrets(secretSources, this.#given, over(worker));
      if (worker !== this.#worker || this.#stopping === 'dropped') return;
      if (this.#stopping !== 'no') {
        worker.kill();
        return;
      }
      const journal = [...this.assignment.journal, ...outbox.journal(this.key)];
      const { secrets, secretRules } = obtained;
      worker.send({ type: 'start', assignment: this.assignment, secrets, secretRules, journal, runFolder, policy });
      log('debug', `job ${this.key.jobId}: worker ${worker.record.pid}, ${journal.length} journalled events`);
    } catch (error) {
      if (worker !== this.#worker) return;
      this.#broken = { code: error instanceof Fault ? error.code : 'SECRETS_NOT_OBTAINED', reason: describe(error) };
      worker.kill();
    }
  }

  /** Soft first; after `graceMs` the process tree is killed. */
  cancel(reason: string, graceMs: number): void {
    if (this.#stopping !== 'no') return;
    this.#stopping = 'cancelled';
    this.#cancelReason = reason;
    this.#worker?.send({ type: 'cancel', reason });
    for (const { request } of this.#leave.callOff(cancelled(reason))) this.#refuse(request, 'RUN_CANCELLED', reason);
    this.#killAfter(graceMs);
  }

  /** Before or while it runs: the step under way ends and no further one starts, or that is taken back. True when it is news. */
  pause(wish: PauseWish): boolean {
    if (wish.word <= this.#pause.word) return false;
    const isNews = wish.paused !== this.#pause.paused;
    this.#pause = wish;
    this.#worker?.send({ type: 'pause', on: wish.paused });
    return isNews;
  }

  /** The attempt may write no more: the worker is killed, nothing is recorded. */
  drop(): void {
    this.#stopping = 'dropped';
    this.#worker?.kill();
  }

  /**
   * The agent stops: the run stays unfinished in the outbox. No new step starts; a step that must not be repeated is
   * given time to end, unless the agent must stop `atOnce`.
   */
  async stop(atOnce = false): Promise<void> {
    if (this.#stopping === 'no') this.#stopping = 'agent';
    this.#leave.callOff(STOPPED);
    this.#killAfter(!atOnce && this.#inDoubt() ? STOP_GRACE_MS : 0);
    const impatience = AbortSignal.timeout(STOP_MS);
    await Promise.race([this.#gone.promise, once(impatience, 'abort')]);
  }

  /** The time of the attempt goes on while its worker, or the agent, is started anew. */
  #limit(): void {
    const { timeLimit } = this.assignment;
    if (timeLimit === undefined || this.#limitTimer !== undefined) return;
    const first = this.#journal()[0];
    const since = first === undefined ? 0 : this.#context.clock.now().wall - Date.parse(first.at);
    const left = Math.max(0, timeLimit.ms - Math.max(0, since));
    // A timer takes no more than this, and no run lasts so long without a restart of its agent being no matter.
    this.#limitTimer = setTimeout(() => this.#late(), Math.min(left, LONGEST_TIMER_MS));
  }

  /** Its time is over: no new step starts; one that must not be repeated is given a moment to end. */
  #late(): void {
    if (this.#stopping !== 'no') return;
    this.#stopping = 'late';
    this.#context.log('warn', `job ${this.key.jobId}: its time is over`);
    this.#leave.callOff(LATE);
    this.#killAfter(this.#inDoubt() ? STOP_GRACE_MS : 0);
  }

  /** The lease was renewed or an event acknowledged: steps that wait may act. */
  reconsider(): void {
    this.#leave.reconsider();
  }

  #receive(worker: WorkerProcess, message: FromWorker): void {
    if (worker !== this.#worker || this.#stopping === 'dropped') return;
    switch (message.type) {
      case 'ready':
        return;
      case 'log': {
        this.#context.log(message.level, `job ${this.key.jobId} says: ${message.message}`);
        return;
      }
      case 'record': {
        this.#record(message);
        return;
      }
      case 'late': {
        this.#ask(message.request, message.body, message.seq);
        return;
      }
      case 'keep': {
        this.#keep(message);
        return;
      }
      case 'broken':
        this.#broken = { code: message.code, reason: message.reason };
        {
          worker.kill();
          return;
        }
    }
  }

  #record({ request, body, ended: before = [], ahead = false }: Extract<FromWorker, { type: 'record' }>): void {
    const ended = before.filter((end) => !this.#isOfUnbegun(end));
    if (body.type === 'step.started' && this.#stopping !== 'no' && !ahead) {
      this.#unbegun.add(body.position);
      if (this.#stopping === 'cancelled') this.#refuse(request, 'RUN_CANCELLED', this.#cancelReason);
    }
    if (this.#isOfUnbegun(body)) {
      if (ended.length > 0) this.#append(request, ended);
    } else if (needsLeave(body)) {
      this.#leave.ask({ request, body, seq: null, ended, ahead });
    }
    // an ending comes after the files that the run has reported
    else if (endsRun(body)) void this.#intakes.then(() => this.#write(request, [...ended, body]));
    else this.#write(request, [...ended, body]);
    const leaving = this.#stopping === 'agent' || this.#stopping === 'late';
    if (leaving && !this.#inDoubt()) this.#worker?.kill();
  }

  #isOfUnbegun(body: RunEventBody): boolean {
    return 'position' in body && this.#unbegun.has(body.position);
  }

  #ask(request: number, body: RunEventBody, seq: number | null): void {
    switch (this.#stopping) {
      case 'cancelled': {
        this.#leave.recordUndone({ request, body, seq }, cancelled(this.#cancelReason));
        this.#refuse(request, 'RUN_CANCELLED', this.#cancelReason);
        return;
      }
      case 'agent':
      case 'late': {
        this.#leave.recordUndone({ request, body, seq }, this.#stopping === 'late' ? LATE : STOPPED);
        return;
      }
      default:
        this.#leave.ask({ request, body, seq });
    }
  }

  #write(request: number, events: readonly RunEventBody[]): void {
    const seq = this.#append(request, events);
    if (seq === null) return;
    this.#worker?.send({ type: 'recorded', request, seq });
    this.#context.wake();
    if (events.some(endsRun)) this.#finished();
  }

  /** All in one, or as many of the first as can be written: what has happened is kept though what follows it cannot be. */
  #append(request: number, events: readonly RunEventBody[], happened = false): number | null {
    const { outbox, clock } = this.#context;
    const before = events.slice(0, -1);
    try {
      return outbox.append(this.key, new Date(clock.now().wall), events.at(-1)!, before, happened);
    } catch (error) {
      if (before.length > 0) this.#append(request, before, happened);
      this.#refuseBy(request, error, 'OUTBOX_FAILED');
      return null;
    }
  }

  #keep(message: Extract<FromWorker, { type: 'keep' }>): void {
    const { intake, runFolder, wake, policy } = this.#context;
    const leaving = leavingOf(policy.upload, message, declaredOutputs(this.assignment.workflow.document));
    const taken = intake.keep(this.key, runFolder, message, leaving).then(
      (artifactId) => {
        this.#worker?.send({ type: 'kept', request: message.request, artifactId });
        wake();
      },
      (error: unknown) => {
        this.#refuseBy(message.request, error, 'FILE_REFUSED');
      },
    );
    this.#intakes = Promise.all([this.#intakes, taken]);
  }

  #refuseBy(request: number, error: unknown, code: string): void {
    this.#refuse(request, error instanceof Fault ? error.code : code, describe(error));
  }

  #refuse(request: number, code: string, reason: string): void {
    this.#context.log('warn', `job ${this.key.jobId} was refused: ${code}: ${reason}`);
    this.#worker?.send({ type: 'refused', request, code, reason: reason.slice(0, 4_000) });
  }

  #finished(): void {
    clearTimeout(this.#limitTimer);
    this.#killAfter(FAREWELL_MS);
    this.#context.ended();
  }

  #exited(worker: WorkerProcess, why: string): void {
    if (worker !== this.#worker) return;
    clearTimeout(this.#killTimer);
    this.#worker = null;
    this.#leave.forget();
    void this.#intakes
      .then(() => this.#afterExit(why))
      .catch((error: unknown) => {
        // Without an ending the run waits in the outbox for the next connection or start.
        this.#context.log('error', `job ${this.key.jobId}: its state could not be written: ${describe(error)}`);
        // One that was taken for what follows is on no record.
        this.#worker?.kill();
        this.#depart();
      });
  }

  #afterExit(why: string): void {
    const { outbox, log } = this.#context;
    const run = outbox.run(this.key);
    if (run === null || this.#stopping === 'dropped') {
      this.#depart();
      return;
    }
    outbox.recordWorker(this.key, null);
    if (run.ending !== null || this.#stopping === 'agent') {
      this.#depart();
      return;
    }
    if (this.#stopping === 'cancelled') {
      this.#conclude(endingOfCancelled(this.#journal(), this.#cancelReason));
      return;
    }
    if (this.#stopping === 'late') {
      this.#conclude(endingOfTimedOut(this.#journal(), this.assignment.timeLimit?.of ?? 'attempt'));
      return;
    }
    if (this.#broken !== null) {
      this.#conclude(endingOfBroken(this.#journal(), this.#broken.code, this.#broken.reason));
      return;
    }
    const crashes = outbox.countCrash(this.key);
    log('warn', `job ${this.key.jobId}: its worker died (${why}), ${crashes} of ${CRASHES_ALLOWED + 1}`);
    if (crashes <= CRASHES_ALLOWED) {
      this.start();
      return;
    }
    const detail = `the worker process died ${crashes} times, last by ${why}: see the agent's log`;
    this.#conclude(endingOfBroken(this.#journal(), 'WORKER_CRASHED', detail));
  }

  #conclude(ending: RunEventBody): void {
    const { outbox, clock, wake, ended, log } = this.#context;
    try {
      outbox.append(this.key, new Date(clock.now().wall), ending);
      wake();
      ended();
    } catch (error) {
      log('error', `job ${this.key.jobId}: its ending could not be written: ${describe(error)}`);
    }
    this.#depart();
  }

  #depart(): void {
    clearTimeout(this.#limitTimer);
    this.#context.gone();
    this.#gone.resolve();
  }

  #killAfter(delayMs: number): void {
    clearTimeout(this.#killTimer);
    const worker = this.#worker;
    if (delayMs <= 0) worker?.kill();
    else this.#killTimer = setTimeout(() => worker?.kill(), delayMs);
  }

  #inDoubt(): boolean {
    return stepInDoubt(this.#journal()) !== null;
  }

  #journal(): ReturnType<Outbox['journal']> {
    return this.#context.outbox.journal(this.key);
  }
}

/** Aborted when the worker is gone: nobody waits for its secrets any more. */
function over(worker: WorkerProcess): AbortSignal {
  const gone = new AbortController();
  void worker.exited.then(() => gone.abort());
  return gone.signal;
}
