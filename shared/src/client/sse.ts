/**
 * Follows the live events of a control plane (server-sent events over fetch, so that an API key can be sent), for
 * consoles, the CLI and scripts. Runs in browsers and Node.
 *
 * Invariants: after a break it reconnects with `Last-Event-ID`, so nothing is missed once an event has been seen; each
 * `open` item says whether the stream was resumed, so that a consumer reads the state anew where it was not; one comes also
 * when the server says that it has forgotten what was missed (`stream.reset`). Refusals
 * that repeating cannot mend end it. One event is in memory at a time, of at most `EVENT_CHARS`.
 */
import { LiveEvent } from '../api/events.ts';
import { Problem } from '../api/problem.ts';
import { ApiError, pathOf, type ClientOptions } from './client.ts';
import { api } from './generated/operations.ts';

/** A connection was made, or an event came. */
export type FollowItem =
  | { readonly type: 'open'; readonly resumed: boolean }
  | { readonly type: 'event'; readonly id: string; readonly event: LiveEvent };

export interface FollowOptions extends Pick<ClientOptions, 'url' | 'apiKey' | 'fetch'> {
  /** Only this job's events. */
  readonly job?: string;
  /** Resume after this event; from now on when absent. */
  readonly lastEventId?: string;
  /** Ends the sequence, without an error. */
  readonly signal?: AbortSignal;
  /** Told when a connection broke or could not be made, before the next try. */
  readonly onBreak?: (reason: string) => void;
  readonly random?: () => number;
}

/** The server sends something every 15 s; a connection silent for longer is dead. */
const SILENCE_MS = 45_000;
const WAIT_BASE_MS = 500;
const WAIT_CAP_MS = 10_000;
const EVENT_CHARS = 8_388_608;

/** Yields until `signal` aborts. @throws ApiError when the server refuses. */
export async function* followEvents(options: FollowOptions): AsyncGenerator<FollowItem, void, undefined> {
  const random = options.random ?? Math.random;
  let lastId = options.lastEventId ?? null;
  let failures = 0;
  while (!options.signal?.aborted) {
    const connection = new AbortController();
    const end = () => connection.abort();
    options.signal?.addEventListener('abort', end, { once: true });
    try {
      const response = await connect(options, lastId, connection.signal);
      yield { type: 'open', resumed: lastId !== null };
      for await (const message of messages(response, connection)) {
        failures = 0;
        lastId = message.id ?? lastId;
        const event = eventOf(message.data);
        if (event?.type === 'stream.reset') yield { type: 'open', resumed: false };
        else if (event !== null) yield { type: 'event', id: lastId ?? '', event };
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof ApiError && !mayRepeat(error.problem.status)) throw error;
      options.onBreak?.(reasonOf(error));
    } finally {
      options.signal?.removeEventListener('abort', end);
      connection.abort();
    }
    failures += 1;
    await pause(random() * Math.min(WAIT_CAP_MS, WAIT_BASE_MS * 2 ** Math.min(failures, 10)), options.signal);
  }
}

async function connect(options: FollowOptions, lastId: string | null, signal: AbortSignal): Promise<Response> {
  const send = options.fetch ?? fetch;
  const query = options.job === undefined ? '' : `?job=${encodeURIComponent(options.job)}`;
  const response = await send(`${options.url}${pathOf(api.events.stream)}${query}`, {
    headers: {
      accept: 'text/event-stream',
      ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
      ...(lastId === null ? {} : { 'last-event-id': lastId }),
    },
    credentials: 'same-origin',
    cache: 'no-store',
    signal,
  });
  const type = response.headers.get('content-type') ?? '';
  if (response.ok && response.body !== null && type.startsWith('text/event-stream')) return response;
  throw new ApiError(await problemOf(response));
}

interface Message {
  readonly id: string | null;
  readonly data: string;
}

/** The messages of a response, until it ends or falls silent. */
async function* messages(response: Response, connection: AbortController): AsyncGenerator<Message> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  const parser = new MessageParser();
  for (;;) {
    const silence = setTimeout(() => connection.abort(new Error('the connection fell silent')), SILENCE_MS);
    try {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    } finally {
      clearTimeout(silence);
    }
  }
}

/** Reads the event-stream format (WHATWG HTML, 9.2.6) from pieces that may end anywhere. */
export class MessageParser {
  #rest = '';
  #data: string[] = [];
  #chars = 0;
  #id: string | null = null;

  *push(text: string): Generator<Message> {
    this.#rest += text;
    // A CR at the very end may be the first half of a CRLF.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop()!;
    for (const line of lines) {
      if (line === '') yield* this.#end();
      else this.#field(line);
    }
    if (this.#chars + this.#rest.length > EVENT_CHARS) throw new Error('an event is too large');
  }

  #field(line: string): void {
    const [, name, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line)!;
    if (name === 'data') {
      this.#data.push(value);
      this.#chars += value.length;
    } else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }

  *#end(): Generator<Message> {
    const data = this.#data.join('\n');
    const had = this.#data.length > 0;
    this.#data = [];
    this.#chars = 0;
    if (had) yield { id: this.#id, data };
  }
}

/** Null for what this version does not know: a newer server may say more. */
function eventOf(data: string): LiveEvent | null {
  try {
    const parsed = LiveEvent.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function mayRepeat(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

async function problemOf(response: Response): Promise<Problem> {
  const parsed = Problem.safeParse(await response.json().catch(() => null));
  if (parsed.success) return parsed.data;
  return {
    type: 'about:blank',
    status: response.ok ? 502 : response.status,
    code: 'UNEXPECTED_ANSWER',
    title: `The server answered ${response.status} and no events.`,
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener('abort', done, { once: true });
  });
}
