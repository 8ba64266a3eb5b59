/**
 * Sends the outbox's events in order, run by run in turn, with a bounded number unacknowledged. One sender lives as
 * long as one session: a new session starts behind what the control plane has acknowledged, so that nothing is left
 * out, and repeats are told by their numbers.
 */
import type { RunEvent } from '@casare/shared/protocol';
import type { RunKey } from '../outbox/index.ts';
import { BUFFER_HIGH_BYTES, type Link } from './link.ts';

/** Events under way, over all runs, before the sender waits for acknowledgements. */
export const WINDOW_EVENTS = 1_000;

/** The part of the outbox the sender reads. */
export interface EventSource {
  sendable(key: RunKey, after: number): RunEvent[];
}

interface Progress {
  readonly key: RunKey;
  sent: number;
  acked: number;
}

export class EventSender {
  readonly #source: EventSource;
  readonly #link: Link;
  readonly #window: number;
  readonly #runs = new Map<string, Progress>();

  constructor(source: EventSource, link: Link, window: number = WINDOW_EVENTS) {
    this.#source = source;
    this.#link = link;
    this.#window = window;
  }

  /** Starts (or goes on) sending a run's events above `ackedSeq`. */
  add(key: RunKey, ackedSeq: number): void {
    const id = idOf(key);
    if (!this.#runs.has(id)) this.#runs.set(id, { key, sent: ackedSeq, acked: ackedSeq });
  }

  remove(key: RunKey): void {
    this.#runs.delete(idOf(key));
    this.pump();
  }

  acknowledged(key: RunKey, seq: number): void {
    const run = this.#runs.get(idOf(key));
    if (run === undefined) return;
    run.acked = Math.max(run.acked, seq);
    run.sent = Math.max(run.sent, run.acked);
    this.pump();
  }

  /** Sends what the window and the socket allow; called after every new event, acknowledgement and drain. */
  pump(): void {
    let progress = true;
    while (progress) {
      progress = false;
      for (const run of this.#runs.values()) progress = this.#sendNext(run) || progress;
    }
  }

  #sendNext(run: Progress): boolean {
    const room = this.#window - this.#underWay();
    if (room <= 0 || this.#link.buffered() > BUFFER_HIGH_BYTES) return false;
    const events = this.#source.sendable(run.key, run.sent).slice(0, room);
    const last = events.at(-1);
    if (last === undefined) return false;
    run.sent = last.seq;
    this.#link.send({ type: 'run.events', jobId: run.key.jobId, attempt: run.key.attempt, events }, () => this.pump());
    return true;
  }

  #underWay(): number {
    let count = 0;
    for (const run of this.#runs.values()) count += run.sent - run.acked;
    return count;
  }
}

function idOf(key: RunKey): string {
  return `${key.jobId}/${key.attempt}`;
}
