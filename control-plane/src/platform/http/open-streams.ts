/**
 * Streams that stay open are judged again and again: a stream ends within a second after its key or session was revoked or
 * has expired, or may less than when the stream was opened: what it is told was decided then. All of a replica are asked
 * about in one go, so a thousand streams cost two statements a turn.
 *
 * Bounds: nothing runs while no stream is open; when the database cannot be asked for `FAILED_TURNS` turns, all streams
 * end.
 */
import { within } from '@casare/shared/api';
import type { Log } from '../log.ts';
import type { Authenticator, Caller } from './caller.ts';

/** Between two turns, milliseconds: half of the second within which a revocation must be felt. */
const TURN_MS = 500;
/** Ten seconds. */
const FAILED_TURNS = 20;

interface Stream {
  readonly caller: Caller;
  readonly ended: AbortController;
}

/** A stream under watch. */
export interface Watched {
  /** Aborts when its caller may not read it any more. */
  readonly ended: AbortSignal;
  /** To be called when the stream is closed. */
  leave(): void;
}

export class OpenStreams {
  readonly #authenticator: Authenticator;
  readonly #log: Log;
  readonly #streams = new Set<Stream>();
  #turning = false;
  #failed = 0;

  constructor(authenticator: Authenticator, log: Log) {
    this.#authenticator = authenticator;
    this.#log = log;
  }

  enter(caller: Caller): Watched {
    const stream: Stream = { caller, ended: new AbortController() };
    this.#streams.add(stream);
    this.#turnLater();
    return { ended: stream.ended.signal, leave: () => this.#streams.delete(stream) };
  }

  #turnLater(): void {
    if (this.#turning || this.#streams.size === 0) return;
    this.#turning = true;
    setTimeout(() => {
      void this.#turn().finally(() => {
        this.#turning = false;
        this.#turnLater();
      });
    }, TURN_MS).unref();
  }

  async #turn(): Promise<void> {
    const streams = [...this.#streams];
    try {
      const rights = await this.#authenticator.stillIn(streams.map(({ caller }) => caller));
      this.#failed = 0;
      for (const { caller, ended } of streams) {
        const now = rights.get(caller.credential);
        if (now === undefined || !within(caller, now)) ended.abort();
      }
    } catch (error) {
      this.#failed += 1;
      if (this.#failed < FAILED_TURNS) return;
      this.#log.error('open streams end: it cannot be told who may read them', { error });
      for (const { ended } of streams) ended.abort();
    }
  }
}

const ofApplications = new WeakMap<object, OpenStreams>();

export function putOpenStreams(application: object, streams: OpenStreams): void {
  ofApplications.set(application, streams);
}

/** The streams of the application that a request came to. */
export function openStreamsOf(application: object): OpenStreams {
  const streams = ofApplications.get(application);
  if (streams === undefined) throw new Error('nobody looks after the open streams of this application');
  return streams;
}
