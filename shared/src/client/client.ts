/**
 * `createClient` turns the OpenAPI document into typed calls: parameters, bodies and answers are checked by the compiler,
 * failures become `ApiError` with the server's problem document. Answers are taken as the document says: the server parses
 * what leaves it, and tests hold what they are answered to the document.
 */
import { Problem } from '../api/problem.ts';
import { BASE } from './generated/operations.ts';
import { placeOf, type Operation, type OperationId, type Place, type Rest, type ResultOf } from './operation.ts';
import { withPatience, type Patience } from './patience.ts';

/** A call that the server refused, or that never reached it (`status` 0, code `UNREACHABLE`). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;
  constructor(problem: Problem) {
    super([problem.title, problem.detail, problem.fix].filter(Boolean).map(sentence).join(' '));
    this.problem = problem;
  }
}

/** Titles end in a full stop, details that come from elsewhere may not. */
function sentence(text: string | undefined): string {
  return text === undefined || /[.!?…]$/.test(text) ? (text ?? '') : `${text}.`;
}

/** Where and as whom to call. */
export interface ClientOptions {
  /** Origin of the web listener, such as `http://127.0.0.1:8080`; empty for the page's own origin. */
  readonly url: string;
  readonly apiKey?: string;
  /** Sent as `X-CSRF-Token` with changing requests of a session. */
  readonly csrfToken?: () => string | null;
  readonly fetch?: typeof fetch;
  /** Absent: nothing is tried again. */
  readonly patience?: Patience;
}

/** An answer with the ETag of the thing, for `ifMatch` of an update; null where the operation gives none. */
export interface Tagged<T> {
  readonly value: T;
  readonly etag: string | null;
}

/** Calls operations of one server: the only way to it. */
export interface Client {
  call<Id extends OperationId>(operation: Operation<Id>, ...rest: Rest<Id>): Promise<ResultOf<Id>>;
  /** The same, with the ETag. */
  tagged<Id extends OperationId>(operation: Operation<Id>, ...rest: Rest<Id>): Promise<Tagged<ResultOf<Id>>>;
}

/** The options of any call, as they are read. */
interface AnyOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly mediaType?: string;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Makes a client. It tries again only what the server asks to have tried again, and only with `patience`. */
export function createClient(options: ClientOptions): Client {
  const send = options.fetch ?? fetch;
  const client: Client = {
    async call(operation, ...rest) {
      return (await client.tagged(operation, ...rest)).value;
    },
    async tagged(operation, ...rest) {
      const call = (rest[0] ?? {}) as AnyOptions;
      const place = placeOf(operation);
      const once = () => request(send, options, place, call);
      const repeatable = place.method === 'GET' || call.idempotencyKey !== undefined;
      const { patience } = options;
      const response = patience
        ? await withPatience(once, patience, { repeatable, signal: call.signal })
        : await once();
      if (!response.ok) throw new ApiError(await problemOf(response));
      return { value: (await resultOf(place, response)) as never, etag: response.headers.get('etag') };
    },
  };
  return client;
}

async function request(send: typeof fetch, options: ClientOptions, place: Place, call: AnyOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: place.answer === 'events' ? 'text/event-stream' : '*/*' };
  if (options.apiKey !== undefined) headers['authorization'] = `Bearer ${options.apiKey}`;
  const csrf = options.csrfToken?.();
  if (csrf && place.method !== 'GET') headers['x-csrf-token'] = csrf;
  if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
  if (call.ifMatch !== undefined) headers['if-match'] = call.ifMatch;
  let body: string | undefined;
  if (call.body !== undefined) {
    const { body: given, mediaType } = call;
    if (mediaType !== undefined && typeof given === 'string') [headers['content-type'], body] = [mediaType, given];
    else [headers['content-type'], body] = ['application/json', JSON.stringify(given)];
  }
  try {
    return await send(urlOf(options.url, place, call), {
      method: place.method,
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body }),
      ...(call.signal ? { signal: call.signal } : {}),
    });
  } catch (error) {
    if (call.signal?.aborted) throw error;
    throw new ApiError({
      type: 'about:blank',
      status: 0,
      code: 'UNREACHABLE',
      title: `The control plane at ${options.url || 'this address'} does not answer.`,
      detail: reasonOf(error),
      fix: 'Check that it is running (`casare up`) and that the address is right.',
    });
  }
}

function urlOf(origin: string, place: Place, call: AnyOptions): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (typeof value === 'string') query.set(name, value);
    else if (typeof value === 'number' || typeof value === 'boolean') query.set(name, String(value));
  }
  return `${origin}${pathOf(place, call.params)}${query.size > 0 ? `?${query}` : ''}`;
}

/** The path of an operation from the origin on, such as `/api/v1/jobs/…`. */
export function pathOf(operation: Operation, params: Readonly<Record<string, unknown>> = {}): string {
  const { path } = placeOf(operation);
  return BASE + path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
}

async function resultOf({ answer }: Place, response: Response): Promise<unknown> {
  if (answer === 'nothing') return undefined;
  if (answer !== 'json') return response;
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('application/json')) throw new ApiError(unexpected(response.status, 'and no JSON'));
  return response.json();
}

async function problemOf(response: Response): Promise<Problem> {
  const parsed = Problem.safeParse(await response.json().catch(() => null));
  if (parsed.success) return parsed.data;
  return unexpected(response.status, 'without saying why');
}

function unexpected(status: number, what: string): Problem {
  return {
    type: 'about:blank',
    status,
    code: 'UNEXPECTED_ANSWER',
    title: `The server answered ${status} ${what}.`,
    fix: 'Check that the address is the control plane itself and not something in front of it.',
  };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? `${cause.message}.` : 'The connection failed.';
}
