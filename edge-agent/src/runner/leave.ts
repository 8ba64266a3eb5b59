/**
 * Leave to act: starts of steps that must not simply be repeated, from their record to the worker's answer.
 *
 * Invariants
 * - A start is answered only when it is in the outbox and on the disk, while the lease holds and, for
 *   `onDisconnect: hold`, only after the control plane has acknowledged it.
 * - A start that was written and never answered did nothing, and the record says so.
 */
import { LEASE_MARGIN_MS, type RunEventBody, type WorkflowError } from '@casare/shared/protocol';
import type { Instant } from '../clock.ts';
import { actBefore, holdsLease, type Lease } from './lease.decision.ts';

/** A step's start that waits for leave to act. */
export interface Held {
  readonly request: number;
  readonly body: RunEventBody;
  /** What ended just before it and is not written yet. */
  ended: readonly RunEventBody[];
  /** Its number once it is written. */
  seq: number | null;
  /** True once it is on the disk. */
  flushed: boolean;
}

/** What leave depends on, and where the answers go. */
export interface LeaveContext {
  readonly lease: () => Lease;
  readonly now: () => Instant;
  /** Writes the events and answers the last one's number; null when the request has been refused because one could not be. */
  readonly append: (request: number, events: readonly RunEventBody[]) => number | null;
  /** Called after what was written has been sent to the disk. */
  readonly wrote: () => void;
  /** Resolves when everything written is on the disk. */
  readonly flush: () => Promise<void>;
  /** The control plane has acknowledged events up to this number; null where leave does not wait for it. */
  readonly acknowledged: () => number | null;
  readonly grant: (request: number, seq: number, until: Instant) => void;
  readonly refuse: (request: number, error: unknown) => void;
}

export class LeaveToAct {
  readonly #context: LeaveContext;
  #held: Held[] = [];

  constructor(context: LeaveContext) {
    this.#context = context;
  }

  /**
   * Answers now or when it may; `seq` is that of a start which was written before and asks again.
   * @param ended what ended just before it: written with it, or at once where it has to wait
   */
  ask(request: number, body: RunEventBody, seq: number | null, ended: readonly RunEventBody[] = []): void {
    this.#held.push({ request, body, ended, seq, flushed: seq !== null });
    this.reconsider();
  }

  /** Something that leave depends on has changed. */
  reconsider(): void {
    const waiting = this.#held;
    this.#held = [];
    for (const held of waiting) if (!this.#admit(held)) this.#held.push(held);
  }

  /** Nobody waits any more; those that were written are recorded as undone, by `error`. Answers who waited. */
  callOff(error: WorkflowError): readonly Held[] {
    const all = this.#held.splice(0);
    for (const held of all) this.recordUndone(held, error);
    return all;
  }

  /** The worker that asked is gone: what it had begun is the journal's. */
  forget(): void {
    this.#held = [];
  }

  /** A step that was written as started but never got leave to act did nothing: say so, or a person would be asked. */
  recordUndone({ request, body, seq }: Pick<Held, 'request' | 'body' | 'seq'>, error: WorkflowError): void {
    if (seq === null || body.type !== 'step.started') return;
    const { path, position } = body;
    this.#context.append(request, [{ type: 'step.failed', path, position, error, certain: true, durationMs: 0 }]);
    this.#context.wrote();
  }

  /** Gives leave to act; false while the step must go on waiting. */
  #admit(held: Held): boolean {
    if (!this.#leased()) {
      this.#writeEnded(held);
      return false;
    }
    if (held.seq === null) {
      held.seq = this.#context.append(held.request, [...held.ended, held.body]);
      held.ended = [];
      if (held.seq === null) return true;
      void this.#flush(held);
      this.#context.wrote();
    }
    if (!held.flushed) return false;
    const acknowledged = this.#context.acknowledged();
    if (acknowledged !== null && acknowledged < held.seq) return false;
    this.#context.grant(held.request, held.seq, actBefore(this.#context.lease(), LEASE_MARGIN_MS));
    return true;
  }

  #writeEnded(held: Held): void {
    const { ended } = held;
    if (ended.length === 0) return;
    held.ended = [];
    this.#context.append(held.request, ended);
    this.#context.wrote();
  }

  async #flush(held: Held): Promise<void> {
    try {
      await this.#context.flush();
    } catch (error) {
      // It may be on the disk and it may not: the worker does not act, and its run ends by the refusal.
      if (this.#held.includes(held)) this.#context.refuse(held.request, error);
      this.#held = this.#held.filter((one) => one !== held);
      return;
    }
    held.flushed = true;
    this.reconsider();
  }

  #leased(): boolean {
    return holdsLease(this.#context.lease(), this.#context.now(), LEASE_MARGIN_MS);
  }
}
