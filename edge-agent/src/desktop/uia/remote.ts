/**
 * The agent's side of a desktop host: calls with a deadline each. A host that does not answer in time is ended, its open
 * calls fail as APPLICATION_NOT_ANSWERING, and the next call begins a new host, to which older elements are gone.
 */
import { DesktopError, type DesktopErrorCode } from '../desktop-error.ts';
import { Answered, type CallArgs, type CallName, type CallResult, CALLS, type Channel } from './calls.ts';

/** The longest that one call may take: UI Automation's own limits are shorter. */
const DEADLINE_MS = 15_000;
/** What calls have on top until a host has answered the first: on a busy machine it takes long to start. */
const STARTING_MS = 45_000;
/** Hosts that end one after the other without an answer between them: then the desktop is gone. */
const MOST_ENDED = 3;
const CODES: ReadonlySet<string> = new Set<DesktopErrorCode>([
  'DESKTOP_NOT_STARTED',
  'DESKTOP_GONE',
  'APPLICATION_NOT_ANSWERING',
  'ELEMENT_GONE',
  'CLIPBOARD_UNREADABLE',
]);

interface Waiting {
  readonly call: CallName;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class RemoteDesktop {
  readonly #start: () => Channel;
  readonly #deadlineMs: number;
  readonly #startingMs: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone = Promise.withResolvers<never>();
  #channel: Channel | null = null;
  #isClosed = false;
  #isStarting = false;
  #last = 0;
  #ended = 0;

  /** `start` begins a host. */
  constructor(start: () => Channel, deadlineMs = DEADLINE_MS, startingMs = STARTING_MS) {
    this.#start = start;
    this.#deadlineMs = deadlineMs;
    this.#startingMs = startingMs;
    this.#gone.promise.catch(() => undefined);
  }

  /** Rejects when hosts do not stay. */
  get gone(): Promise<never> {
    return this.#gone.promise;
  }

  /** @throws DesktopError */
  async call<N extends CallName>(call: N, ...args: CallArgs<N>): Promise<CallResult<N>> {
    if (this.#isClosed) throw new DesktopError('DESKTOP_GONE', 'The desktop session is closed');
    const channel = this.#open();
    const startingMs = this.#isStarting ? this.#startingMs : 0;
    this.#last += 1;
    const id = this.#last;
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => this.#silent(channel), this.#deadlineMs + startingMs);
      this.#waiting.set(id, { call, resolve, reject, timer });
    });
    channel.send({ id, call, args });
    return (await answer) as CallResult<N>;
  }

  close(): void {
    this.#isClosed = true;
    this.#channel?.end();
    this.#fail('DESKTOP_GONE', 'The desktop session was closed');
  }

  #open(): Channel {
    if (this.#channel !== null) return this.#channel;
    const channel = this.#start();
    this.#channel = channel;
    this.#isStarting = true;
    channel.onMessage((message) => this.#receive(channel, message));
    channel.onClose(() => this.#closed(channel));
    return channel;
  }

  #receive(channel: Channel, message: unknown): void {
    const answered = Answered.safeParse(message);
    const waiting = answered.success ? this.#waiting.get(answered.data.id) : undefined;
    if (!answered.success || waiting === undefined) return channel.end();
    this.#ended = 0;
    this.#isStarting = false;
    this.#waiting.delete(answered.data.id);
    clearTimeout(waiting.timer);
    if ('fault' in answered.data) {
      const { code, message: words } = answered.data.fault;
      waiting.reject(new DesktopError(CODES.has(code) ? (code as DesktopErrorCode) : 'DESKTOP_GONE', words));
      return;
    }
    const result = CALLS[waiting.call].result.safeParse(answered.data.result);
    if (result.success) waiting.resolve(result.data);
    else
      waiting.reject(new DesktopError('DESKTOP_GONE', `The desktop host answered ${waiting.call} with what it is not`));
  }

  #silent(channel: Channel): void {
    channel.end();
    this.#forget(channel);
    const seconds = Math.round(this.#deadlineMs / 1_000);
    this.#fail(
      'APPLICATION_NOT_ANSWERING',
      `A program on the desktop did not answer within ${seconds} s: end it, or wait until it has finished its work`,
    );
  }

  #closed(channel: Channel): void {
    if (this.#channel !== channel) return;
    this.#forget(channel);
    this.#ended += 1;
    const why = 'The process that reads the desktop ended';
    this.#fail('APPLICATION_NOT_ANSWERING', why);
    if (this.#ended >= MOST_ENDED) {
      this.#isClosed = true;
      this.#gone.reject(new DesktopError('DESKTOP_GONE', `${why} ${this.#ended} times: open the desktop again`));
    }
  }

  #forget(channel: Channel): void {
    if (this.#channel === channel) this.#channel = null;
  }

  #fail(code: DesktopErrorCode, message: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new DesktopError(code, message));
    }
    this.#waiting.clear();
  }
}
