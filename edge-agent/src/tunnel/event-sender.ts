/**
 * Sends the outbox's events in order, run by run in turn, with a bounded number unacknowledged. One sender lives as
 * long as one session: a new session starts behind what the control plane has acknowledged, so that nothing is left
 * out, and repeats are told by their numbers.
 *
 * Invariant: an event leaves when it is on the disk. After a power cut the control plane knows nothing that the agent does not,
 * and a number that it has seen is never given to another event.
 */
import type { RunEvent } from '@casare/shared/protocol';
import type { RunKey } from '../outbox/index.ts';
import { BUFFER_HIGH_BYTES, type Link } from './link.ts';

/** Events under way, over all runs, before the sender waits for acknowledgements. */
export const WINDOW_EVENTS = 1_000;

/** The part of the outbox the sender reads. */
export interface EventSource {
  sendable(key: RunKey, after: number): RunEvent[];
  /** The number of the run's last event; 0 when there is none. */
  lastSeq(key: RunKey): number;
  /** Resolves when everything that was written before is on the disk. */
  flush(): Promise<void>;
}

interface Progress {
  readonly key: RunKey;
  sent: number;
  acked: number;
  /** The number up to which events are on the disk. */
  onDisk: number;
}

export class EventSender {
  readonly #source: EventSource;
  readonly #link: Link;
  readonly #window: number;
  readonly #onFault: (error: unknown) => void;
  readonly #runs = new Map<string, Progress>();
  #isFlushing = false;

  /** @param onFault what is written does not get to the disk: nothing more is sent */
  constructor(source: EventSource, link: Link, onFault: (error: unknown) => void, window: number = WINDOW_EVENTS) {
    this.#source = source;
    this.#link = link;
    this.#onFault = onFault;
    this.#window = window;
  }

  /** Starts (or goes on) sending a run's events above `ackedSeq`. */
  add(key: RunKey, ackedSeq: number): void {
    const id = idOf(key);
    if (!this.#runs.has(id)) this.#runs.set(id, { key, sent: ackedSeq, acked: ackedSeq, onDisk: ackedSeq });
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
    if (!this.#isFlushing) this.#flush();
  }

  /** Sees to it that what has been written gets to the disk, and sends it then. */
  #flush(): void {
    const written = [...this.#runs.values()].map((run) => ({ run, seq: this.#source.lastSeq(run.key) }));
    if (written.every(({ run, seq }) => seq <= run.onDisk)) return;
    this.#isFlushing = true;
    const done = (): void => {
      this.#isFlushing = false;
      for (const { run, seq } of written) run.onDisk = Math.max(run.onDisk, seq);
      this.pump();
    };
    this.#source.flush().then(done).catch(this.#onFault);
  }

  #sendNext(run: Progress): boolean {
    const room = this.#window - this.#underWay();
    if (room <= 0 || this.#link.buffered() > BUFFER_HIGH_BYTES) return false;
    if (run.sent >= run.onDisk) return false;
    const events = this.#source
      .sendable(run.key, run.sent)
      .slice(0, room)
      .filter(({ seq }) => seq <= run.onDisk);
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
