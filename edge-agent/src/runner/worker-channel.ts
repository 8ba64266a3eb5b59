/** The worker's end of the channel: requests wait for the agent's answer, refusals become errors with a code. */
import type { RunEventBody, StepCompleted } from '@casare/shared/protocol';
import { systemClock, type Instant } from '../clock.ts';
import { Fault } from '../fault.ts';
import { ENDED_AT_ONCE, type FromWorker, ToWorker } from './ipc.ts';
import { isOver } from './lease.decision.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Keep = Omit<Extract<FromWorker, { type: 'keep' }>, 'type' | 'request'>;

/** What the agent asks of a worker. */
export interface WorkerDuties {
  start(message: Start): void;
  cancel(reason: string): void;
  pause(on: boolean): void;
}

type Recorded = Extract<ToWorker, { type: 'recorded' }>;
type Kept = Extract<ToWorker, { type: 'kept' }>;

type Answer = Recorded | Kept;

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Fault): void;
}

interface Held {
  readonly ended: StepCompleted[];
  readonly answer: PromiseWithResolvers<Answer>;
}

/**
 * The end of a step and the start of the next most often fall into one turn of the event loop. They go in one message: one
 * commit and one flush of the agent. Only ends are held back, and never beyond the turn, so that no step acts meanwhile.
 */
export class WorkerChannel {
  readonly #send: (message: FromWorker) => void;
  readonly #now: () => Instant;
  readonly #waiting = new Map<number, Waiting>();
  #nextRequest = 1;
  /** Ends of steps that wait for what comes next in this turn. */
  #held: Held | null = null;
  /** When the leave to act that was given last ends. */
  #leaveUntil: Instant | null = null;
  #isAhead = false;
  /** Every start waits for the control plane: none goes ahead. */
  #holds = false;

  constructor(send: (message: unknown) => void, now: () => Instant = () => systemClock.now()) {
    this.#send = send;
    this.#now = now;
  }

  /** Handles one raw message of the agent; throws for what is none: the worker then ends. */
  receive(raw: unknown, duties: WorkerDuties): void {
    const message = ToWorker.parse(raw);
    if (message.type === 'start') {
      this.#holds = message.assignment.onDisconnect === 'hold';
      duties.start(message);
      return;
    }
    if (message.type === 'cancel') {
      duties.cancel(message.reason);
      return;
    }
    if (message.type === 'pause') {
      duties.pause(message.on);
      return;
    }
    const waiting = this.#waiting.get(message.request);
    this.#waiting.delete(message.request);
    if (message.type === 'refused') waiting?.reject(new Fault(message.code, message.reason));
    else {
      if (message.type === 'recorded' && message.actBefore !== undefined) this.#leaveUntil = message.actBefore;
      waiting?.resolve(message);
    }
  }

  /**
   * True while the leave that was given last goes on, and no step is ahead of its answer: one at a time, so that the record lacks no
   * more than the step under way when the agent dies or its power is cut.
   */
  get mayGoAhead(): boolean {
    return !this.#holds && !this.#isAhead && this.#leaveUntil !== null && !isOver(this.#leaveUntil, this.#now());
  }

  ready(): void {
    this.#say({ type: 'ready' });
  }

  /** Resolves when the event is in the outbox and, for a step that must not be repeated, the step may act now. */
  async record(body: RunEventBody, ahead = false): Promise<void> {
    if (body.type === 'step.completed') {
      await this.#hold(body);
      return;
    }
    if (ahead) {
      this.#isAhead = true;
      await this.#record(body, ahead);
      this.#isAhead = false;
      return;
    }
    let answer = await this.#record(body);
    // this process may have stood still with its leave in hand (a stopped process, a sleeping machine), and the wall clock
    // may have been set back meanwhile
    while (answer.type === 'recorded' && answer.actBefore !== undefined && isOver(answer.actBefore, this.#now())) {
      const { seq } = answer;
      answer = await this.#ask((request) => ({ type: 'late', request, seq, body }));
    }
  }

  /** Resolves with the answer to the message that carries it. */
  #hold(body: StepCompleted): Promise<Answer> {
    if (this.#held?.ended.length === ENDED_AT_ONCE) return this.#record(body);
    if (this.#held === null) {
      this.#held = { ended: [], answer: Promise.withResolvers() };
      // After all that can run now: a run goes on from a step to the next without a wait between them.
      process.nextTick(() => this.#letGo());
    }
    this.#held.ended.push(body);
    return this.#held.answer.promise;
  }

  /** Sends the event behind what is held back. */
  #record(body: RunEventBody, ahead = false): Promise<Answer> {
    const held = this.#held;
    this.#held = null;
    const about = { body, ...(ahead ? { ahead } : {}) };
    if (held === null) return this.#ask((request) => ({ type: 'record', request, ...about }));
    const { ended } = held;
    held.answer.resolve(this.#ask((request) => ({ type: 'record', request, ...about, ended })));
    return held.answer.promise;
  }

  #letGo(): void {
    const last = this.#held?.ended.pop();
    if (last !== undefined) void this.#record(last).catch(() => undefined);
  }

  /** Hands a file over; resolves with its artifact id when the agent has it. */
  async keep(file: Keep): Promise<string> {
    const answer = await this.#ask((request) => ({ type: 'keep', request, ...file }));
    return answer.type === 'kept' ? answer.artifactId : '';
  }

  log(level: Extract<FromWorker, { type: 'log' }>['level'], message: string): void {
    this.#say({ type: 'log', level, message: message.slice(0, 16_000) });
  }

  broken(code: string, reason: string): void {
    this.#say({ type: 'broken', code: code.slice(0, 100), reason: reason.slice(0, 4_000) });
  }

  #ask(message: (request: number) => FromWorker): Promise<Answer> {
    const request = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      this.#say(message(request));
    });
  }

  /** Nothing overtakes what is held back. */
  #say(message: FromWorker): void {
    this.#letGo();
    this.#send(message);
  }
}
