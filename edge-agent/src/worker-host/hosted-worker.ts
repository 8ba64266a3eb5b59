/**
 * A worker that a worker host starts, as the agent sees it. Its messages come over a connection of its own: one that floods
 * its channel, or sends halves of frames, keeps nobody else waiting.
 *
 * Invariants
 * - It is on record with its host before the host is told to start it. Where that cannot be, this run has no worker, and the
 *   agent lives.
 * - `exited` resolves when a host of its user has said that nothing it started is left, also when the host that started it
 *   is gone: then the next one of that user sees to what carries the worker's marker.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { SlotKind } from '@casare/shared/protocol';
import { z } from 'zod';
import { describe } from '../fault.ts';
import type { WorkerRecord } from '../outbox/index.ts';
import type { FromWorker, ToWorker } from '../runner/ipc.ts';
import { receiveFrom, type WorkerLog, type WorkerProcess } from '../runner/worker-process.ts';
import type { FrameLink } from './frames.ts';
import { FROM_WORKER_BYTES, type ToHost } from './messages.ts';

/** Questions of a worker that wait for their answers; above this it is not read until some are answered. */
const QUESTIONS = 512;
const Question = z.object({ request: z.int() });

export class HostedWorker implements WorkerProcess {
  record: WorkerRecord = { pid: 0, startTicks: 0, marker: randomUUID() };
  readonly slot: SlotKind | null;
  readonly #ticket = randomBytes(32).toString('hex');
  readonly #log: WorkerLog;
  readonly #exit = Promise.withResolvers<string>();
  readonly exited = this.#exit.promise;
  #tellHost: ((message: ToHost) => void) | null = null;
  #link: FrameLink | null = null;
  /** Said before the worker has dialled. */
  #early: ToWorker[] = [];
  #questions = 0;
  #isTicketUsed = false;
  #isOver = false;
  #isKilled = false;
  #onMessage: (message: FromWorker) => void = () => undefined;
  #onRecord: (record: WorkerRecord) => void = () => undefined;

  /** @param slot of the run that it is for; null for a spare one */
  constructor(slot: SlotKind | null, log: WorkerLog) {
    this.slot = slot;
    this.#log = log;
  }

  get marker(): string {
    return this.record.marker;
  }

  attach(onMessage: (message: FromWorker) => void, onRecord: (record: WorkerRecord) => void): void {
    this.#onMessage = onMessage;
    this.#onRecord = onRecord;
  }

  /** A host is told to start it. */
  startAt(host: string, tell: (message: ToHost) => void): void {
    if (this.#isOver) return;
    const problem = this.#know({ host });
    if (problem !== null) return this.over(`it could not be put on record: ${problem}`);
    this.#tellHost = tell;
    tell({ type: 'spawn', marker: this.marker, ticket: this.#ticket });
  }

  /** Nobody has been told to start it yet. */
  get isWaiting(): boolean {
    return this.record.host === undefined && !this.#isOver;
  }

  started(pid: number, startTicks: number): void {
    if (this.#know({ pid, startTicks }) !== null) this.kill();
  }

  /** What it proves itself by; it dials once. */
  ticket(): string | null {
    return this.#isTicketUsed || this.#isOver ? null : this.#ticket;
  }

  connected(link: FrameLink): void {
    this.#isTicketUsed = true;
    this.#link = link;
    link.reads({ maxBytes: FROM_WORKER_BYTES, onFrame: (raw) => this.#receive(raw), onEnd: (why) => this.#ended(why) });
    for (const message of this.#early) link.send(message);
    this.#early = [];
  }

  send(message: ToWorker): void {
    if (this.#isOver) return;
    if (this.#link === null) this.#early.push(message);
    else this.#link.send(message);
    if (!('request' in message)) return;
    this.#questions -= 1;
    if (this.#questions < QUESTIONS / 2) this.#link?.resume();
  }

  kill(): void {
    if (this.#isOver || this.#isKilled) return;
    this.#isKilled = true;
    if (this.isWaiting) this.over('killed before a worker host started it');
    else this.#tellHost?.({ type: 'kill', marker: this.marker });
  }

  /** Its host is gone. It is told so by its own connection; that it has ended, the next host says. */
  orphaned(): void {
    this.#tellHost = null;
    this.#link?.destroy();
  }

  /** Nothing that it started is left. */
  over(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#link?.destroy();
    this.#exit.resolve(why);
  }

  #receive(raw: unknown): void {
    if (this.#isKilled || this.#isOver) return;
    if (Question.safeParse(raw).success) {
      this.#questions += 1;
      if (this.#questions > QUESTIONS) this.#link?.pause();
    }
    receiveFrom(this, raw, this.#onMessage, this.#log);
  }

  /** A worker without its channel is of no use, whatever it is doing. */
  #ended(why: string): void {
    if (this.#isOver) return;
    this.#log('debug', `worker ${this.record.pid} has no connection any more: ${why}`);
    this.kill();
  }

  /** What it is known by is written down; why it is not, such as on a full disk, where the word of a host reached us. */
  #know(more: Partial<WorkerRecord>): string | null {
    this.record = { ...this.record, ...more };
    try {
      this.#onRecord(this.record);
      return null;
    } catch (error) {
      this.#log('warn', `worker ${this.marker} cannot be put on record, and is ended: ${describe(error)}`);
      return describe(error);
    }
  }
}
