/**
 * Leave to act: starts of steps that must not simply be repeated (`suspend`, `verify`), from their record to the worker's answer.
 *
 * Invariants
 * - A start is answered only when it is in the outbox and on the disk and, under `suspend`, while the lease holds and, for
 *   `onDisconnect: hold`, only after the control plane has acknowledged it.
 * - The start of a step that acts already (`ahead`, by the leave of one before it; no restart reaches it: `engine/barrier.ts`) is
 *   written whatever has become of the lease, with what is kept back for endings, and is answered when it is on the disk: until
 *   then its worker goes ahead with no other. One that does not get there is the last that the run is given.
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
  /** It acts already. */
  readonly ahead: boolean;
  /** True once it is on the disk. */
  flushed: boolean;
}

/** A request for leave to act. */
export interface Asked {
  readonly request: number;
  readonly body: RunEventBody;
  /** Of a start which was written before and asks again. */
  readonly seq: number | null;
  /** What ended just before it: written with it, or at once where it has to wait. */
  readonly ended?: readonly RunEventBody[];
  /** It acts already. */
  readonly ahead?: boolean;
}

/** What leave depends on, and where the answers go. */
export interface LeaveContext {
  readonly lease: () => Lease;
  readonly now: () => Instant;
  /**
   * Writes the events and answers the last one's number; null when the request has been refused because one could not be.
   * @param happened it has happened already and must fit, if anything does
   */
  readonly append: (request: number, events: readonly RunEventBody[], happened?: boolean) => number | null;
  /** Called after what was written has been sent to the disk. */
  readonly wrote: () => void;
  /** Resolves when everything written is on the disk. */
  readonly flush: () => Promise<void>;
  /** The control plane has acknowledged events up to this number; null where leave does not wait for it. */
  readonly acknowledged: () => number | null;
  /** `until`: when the leave ends; null where it does not depend on the lease. */
  readonly grant: (request: number, seq: number, until: Instant | null) => void;
  readonly refuse: (request: number, error: unknown) => void;
}

export class LeaveToAct {
  readonly #context: LeaveContext;
  #held: Held[] = [];
  /** What was written did not get to the disk. */
  #lost: { readonly error: unknown } | null = null;

  constructor(context: LeaveContext) {
    this.#context = context;
  }

  /** Answers now or when it may. */
  ask({ request, body, seq, ended = [], ahead = false }: Asked): void {
    this.#held.push({ request, body, ended, seq, ahead, flushed: seq !== null });
    this.reconsider();
  }

  /** Something that leave depends on has changed. */
  reconsider(): void {
    const waiting = this.#held;
    this.#held = [];
    for (const held of waiting) if (!this.#admit(held)) this.#held.push(held);
  }

  /** Nobody waits to act any more; those that were written are recorded as undone, by `error`. Answers who waited. */
  callOff(error: WorkflowError): readonly Held[] {
    const all = this.#held.filter(({ ahead }) => !ahead);
    this.#held = this.#held.filter(({ ahead }) => ahead);
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
    const isBound = asksPerson(held.body);
    if (isBound && !held.ahead && !this.#leased()) {
      this.#writeEnded(held);
      return false;
    }
    if (held.seq === null && (held.ahead || this.#lost === null)) {
      held.seq = this.#context.append(held.request, [...held.ended, held.body], held.ahead);
      held.ended = [];
      if (held.seq === null) return true;
      void this.#flush(held);
      this.#context.wrote();
    }
    if (this.#lost !== null) {
      this.#context.refuse(held.request, this.#lost.error);
      return true;
    }
    if (!held.flushed || held.seq === null) return false;
    const acknowledged = isBound && !held.ahead ? this.#context.acknowledged() : null;
    if (acknowledged !== null && acknowledged < held.seq) return false;
    const until = isBound ? actBefore(this.#context.lease(), LEASE_MARGIN_MS) : null;
    this.#context.grant(held.request, held.seq, until);
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
      // It may be on the disk and it may not: the worker does not act, or not again, and its run ends by the refusal.
      this.#lost = { error };
      this.reconsider();
      return;
    }
    held.flushed = true;
    this.reconsider();
  }

  #leased(): boolean {
    return holdsLease(this.#context.lease(), this.#context.now(), LEASE_MARGIN_MS);
  }
}

/** True for the start of a step that waits for leave: it must not simply be repeated. */
export function needsLeave(body: RunEventBody): boolean {
  return body.type === 'step.started' && (body.onRestart === 'suspend' || body.onRestart === 'verify');
}

/** True for one whose doubt a person decides: another agent may have the job once the lease is over. */
function asksPerson(body: RunEventBody): boolean {
  return body.type === 'step.started' && body.onRestart === 'suspend';
}
