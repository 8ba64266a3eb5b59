/** The worker's end of the channel: requests wait for the agent's answer, refusals become errors with a code. */
import type { RunEventBody } from '@casare/shared/protocol';
import { systemClock, type Instant } from '../clock.ts';
import { Fault } from '../fault.ts';
import { type FromWorker, ToWorker } from './ipc.ts';
import { isOver } from './lease.decision.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Keep = Omit<Extract<FromWorker, { type: 'keep' }>, 'type' | 'request'>;

/** What the agent asks of a worker. */
export interface WorkerDuties {
  start(message: Start): void;
  cancel(reason: string): void;
}

type Recorded = Extract<ToWorker, { type: 'recorded' }>;
type Kept = Extract<ToWorker, { type: 'kept' }>;

interface Waiting {
  resolve(answer: Recorded | Kept): void;
  reject(error: Fault): void;
}

export class WorkerChannel {
  readonly #send: (message: FromWorker) => void;
  readonly #now: () => Instant;
  readonly #waiting = new Map<number, Waiting>();
  #nextRequest = 1;

  constructor(send: (message: unknown) => void, now: () => Instant = () => systemClock.now()) {
    this.#send = send;
    this.#now = now;
  }

  /** Handles one raw message of the agent; throws for what is none: the worker then ends. */
  receive(raw: unknown, duties: WorkerDuties): void {
    const message = ToWorker.parse(raw);
    if (message.type === 'start') {
      duties.start(message);
      return;
    }
    if (message.type === 'cancel') {
      duties.cancel(message.reason);
      return;
    }
    const waiting = this.#waiting.get(message.request);
    this.#waiting.delete(message.request);
    if (message.type === 'refused') waiting?.reject(new Fault(message.code, message.reason));
    else waiting?.resolve(message);
  }

  ready(): void {
    this.#send({ type: 'ready' });
  }

  /** Resolves when the event is in the outbox and, for a step that must not be repeated, the step may act now. */
  async record(body: RunEventBody): Promise<void> {
    let answer = await this.#ask((request) => ({ type: 'record', request, body }));
    // this process may have stood still with its leave in hand (a stopped process, a sleeping machine), and the wall clock
    // may have been set back meanwhile
    while (answer.type === 'recorded' && answer.actBefore !== undefined && isOver(answer.actBefore, this.#now())) {
      const { seq } = answer;
      answer = await this.#ask((request) => ({ type: 'late', request, seq, body }));
    }
  }

  /** Hands a file over; resolves with its artifact id when the agent has it. */
  async keep(file: Keep): Promise<string> {
    const answer = await this.#ask((request) => ({ type: 'keep', request, ...file }));
    return answer.type === 'kept' ? answer.artifactId : '';
  }

  log(level: Extract<FromWorker, { type: 'log' }>['level'], message: string): void {
    this.#send({ type: 'log', level, message: message.slice(0, 16_000) });
  }

  broken(code: string, reason: string): void {
    this.#send({ type: 'broken', code: code.slice(0, 100), reason: reason.slice(0, 4_000) });
  }

  #ask(message: (request: number) => FromWorker): Promise<Recorded | Kept> {
    const request = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      this.#send(message(request));
    });
  }
}
