/**
 * A `Signer` that is somewhere else. It keeps one connection, makes a new one when that is lost, and never keeps a caller
 * waiting for a signer that is away: while there is no connection every call is answered SIGNER_DOWN at once, and a call
 * that is not answered in time is answered SIGNER_DOWN and ends the connection.
 *
 * A signer that was started anew holds no CA. The client remembers what it added (certificates and sealed keys, as the
 * database has them) and adds a CA again when the signer does not know it any more, so that callers notice nothing.
 */
import type { Duplex } from 'node:stream';
import { accept, refuse, type Result } from '../result.ts';
import { AddIssuer, OPERATIONS, type Signer, type SignerCode } from '../signer.ts';
import { readLines } from './lines.ts';
import { Answer, lineFor, parseLine, Request, type Operation } from './wire.ts';

export interface SignerClientOptions {
  /** Makes a connection on which requests may follow at once. */
  readonly dial: () => Promise<Duplex>;
  /** Hears when the signer is there and when it is away, each once. */
  readonly onChange?: (state: SignerState) => void;
  /** Longest wait for an answer; 5,000 ms unless said otherwise. */
  readonly timeoutMs?: number;
  readonly random?: () => number;
}

export type SignerState = { readonly up: true } | { readonly up: false; readonly why: string };

/** A remote signer. */
export interface SignerClient extends Signer {
  readonly state: SignerState;
  /** Resolves when the signer is there; false when it is not within `ms`. */
  ready(ms: number): Promise<boolean>;
  /** Tries at once instead of after the pause between two tries. */
  retry(): void;
  close(): void;
}

/** Calls that wait for their answers. */
const MAX_WAITING = 1_000;
/** CAs that are remembered; the signer holds as many. */
const MAX_REMEMBERED = 20_000;
const TIMEOUT_MS = 5_000;
const RETRY_MS = { first: 50, most: 2_000 } as const;

type AnyResult = Result<Record<string, unknown>, SignerCode>;

/** Makes a client and begins to connect. */
export function createSignerClient(options: SignerClientOptions): SignerClient {
  const link = new Link(options);
  const remembered = new Map<string, AddIssuer>();

  const call = async (operation: Operation, message: object): Promise<AnyResult> => {
    const result = await link.call(operation, message);
    const added = 'issuer' in message ? remembered.get(message.issuer as string) : undefined;
    if (result.ok || result.code !== 'SIGNER_ISSUER_UNKNOWN' || added === undefined) return result;
    const again = await link.call('addIssuer', added);
    return again.ok ? link.call(operation, message) : again;
  };
  const operations = Object.fromEntries(
    Object.keys(OPERATIONS).map((name) => [name, (message: object = {}) => call(name as Operation, message)]),
  ) as unknown as Signer;

  return {
    ...operations,
    async addIssuer(message) {
      const known = remembered.has(message.id);
      if (!known && remembered.size >= MAX_REMEMBERED) {
        return refuse('SIGNER_ISSUERS_FULL', `the signer holds ${MAX_REMEMBERED} CAs already`);
      }
      const result = await operations.addIssuer(message);
      if (result.ok) remembered.set(message.id, message);
      return result;
    },
    removeIssuer(message) {
      remembered.delete(message.id);
      return operations.removeIssuer(message);
    },
    get state() {
      return link.state;
    },
    ready: (ms) => link.ready(ms),
    retry: () => link.retry(),
    close: () => link.close(),
  };
}

interface Waiting {
  readonly operation: Operation;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (result: AnyResult) => void;
}

/** The connection: requests out, answers in, and a new one when it is lost. */
class Link {
  readonly #options: SignerClientOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onUp = new Set<() => void>();
  #socket: Duplex | null = null;
  #state: SignerState = { up: false, why: 'it was not reached yet' };
  #lastId = 0;
  #failures = 0;
  #dialling = false;
  #retryTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: SignerClientOptions) {
    this.#options = options;
    void this.#dial();
  }

  get state(): SignerState {
    return this.#state;
  }

  call(operation: Operation, message: object): Promise<AnyResult> {
    const socket = this.#socket;
    if (socket === null) return Promise.resolve(this.#down());
    if (this.#waiting.size >= MAX_WAITING) {
      return Promise.resolve(refuse('SIGNER_BUSY', 'too many calls wait for the signer: try again in some seconds'));
    }
    const parsed = OPERATIONS[operation].request.safeParse(message);
    if (!parsed.success) return Promise.resolve(invalid(parsed.error.issues[0]));
    const id = (this.#lastId += 1);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#lost(socket, 'it does not answer in time'), this.#timeout);
      this.#waiting.set(id, { operation, timer, resolve });
      socket.write(lineFor(Request, { type: 'request', id, operation, message: parsed.data }));
    });
  }

  ready(ms: number): Promise<boolean> {
    if (this.#state.up) return Promise.resolve(true);
    return new Promise((resolve) => {
      const up = () => {
        clearTimeout(timer);
        this.#onUp.delete(up);
        resolve(this.#state.up);
      };
      const timer = setTimeout(up, ms);
      this.#onUp.add(up);
    });
  }

  retry(): void {
    if (this.#retryTimer === null) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    void this.#dial();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer ?? undefined);
    if (this.#socket !== null) this.#lost(this.#socket, 'it is not used any more');
    for (const up of this.#onUp) up();
  }

  get #timeout(): number {
    return this.#options.timeoutMs ?? TIMEOUT_MS;
  }

  async #dial(): Promise<void> {
    if (this.#dialling || this.#closed || this.#socket !== null) return;
    this.#dialling = true;
    try {
      this.#use(await this.#options.dial());
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
      this.#retryLater();
    } finally {
      this.#dialling = false;
    }
  }

  #use(socket: Duplex): void {
    if (this.#closed) return void socket.destroy();
    this.#socket = socket;
    readLines(socket, (line) => this.#receive(socket, line));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#lost(socket, 'it closed the connection'));
    this.#failures = 0;
    this.#change({ up: true });
    for (const up of this.#onUp) up();
  }

  #receive(socket: Duplex, line: string): void {
    const answer = parseLine(Answer, line);
    if (answer === null) return this.#lost(socket, 'it sent what is no answer');
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    const { result } = answer;
    const value = result.ok ? OPERATIONS[waiting.operation].answer.safeParse(result.value) : null;
    if (value?.success === false) return this.#lost(socket, 'it sent what is no answer');
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    waiting.resolve(result.ok ? accept(value!.data as Record<string, unknown>) : result);
  }

  /** Ends a connection: whoever waits on it is answered, and a new one is made. */
  #lost(socket: Duplex, why: string): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    socket.destroy();
    this.#failed(why);
    for (const { timer, resolve } of this.#waiting.values()) {
      clearTimeout(timer);
      resolve(this.#down());
    }
    this.#waiting.clear();
    this.#retryLater();
  }

  #failed(why: string): void {
    this.#change({ up: false, why });
  }

  #change(state: SignerState): void {
    const told = state.up !== this.#state.up;
    this.#state = state;
    if (told) this.#options.onChange?.(state);
  }

  #retryLater(): void {
    if (this.#closed || this.#retryTimer !== null) return;
    const { random = Math.random } = this.#options;
    const pause = Math.min(RETRY_MS.first * 2 ** this.#failures, RETRY_MS.most) * (0.5 + random() / 2);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      void this.#dial();
    }, pause);
  }

  #down(): Result<never, SignerCode> {
    const why = this.#state.up ? '' : ` (${this.#state.why})`;
    return refuse('SIGNER_DOWN', `the signer is away${why}: try again in some seconds`);
  }
}

function invalid(issue: { path: PropertyKey[]; message: string } | undefined): Result<never, SignerCode> {
  return refuse('SIGNER_REQUEST_INVALID', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a request'}`);
}
