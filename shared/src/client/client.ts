/**
 * `createClient` turns the endpoint table into typed calls: parameters and bodies are checked by the compiler, answers
 * are parsed by the declared schema, failures become `ApiError` with the server's problem document.
 */
import type { z } from 'zod';
import { API_PREFIX, Problem, type Endpoint } from '../api/index.ts';
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

type InputOf<S> = S extends z.ZodType ? z.input<S> : undefined;

/** What a call of endpoint `E` takes. */
export interface CallOptions<E extends Endpoint> {
  readonly params?: InputOf<E['params']>;
  readonly query?: InputOf<E['query']>;
  readonly body?: InputOf<E['body']>;
  /** Media type of a text body; JSON otherwise. */
  readonly mediaType?: string;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** What a call of endpoint `E` gives back: the parsed JSON, the raw response (bytes, events), or nothing. */
export type ResultOf<E extends Endpoint> = E['answer'] extends { json: infer S extends z.ZodType }
  ? z.output<S>
  : E['answer'] extends 'nothing'
    ? void
    : Response;

/** Calls endpoints of one server. */
export interface Client {
  call<E extends Endpoint>(endpoint: E, options?: CallOptions<E>): Promise<ResultOf<E>>;
}

/** Makes a client. It tries again only what the server asks to have tried again, and only with `patience`. */
export function createClient(options: ClientOptions): Client {
  const send = options.fetch ?? fetch;
  return {
    async call(endpoint, call = {}) {
      const once = () => request(send, options, endpoint, call);
      const repeatable = endpoint.method === 'GET' || call.idempotencyKey !== undefined;
      const { patience } = options;
      const response = patience
        ? await withPatience(once, patience, { repeatable, signal: call.signal })
        : await once();
      if (!response.ok) throw new ApiError(await problemOf(response));
      return (await resultOf(endpoint, response)) as never;
    },
  };
}

async function request(
  send: typeof fetch,
  options: ClientOptions,
  endpoint: Endpoint,
  call: CallOptions<Endpoint>,
): Promise<Response> {
  const headers: Record<string, string> = { accept: endpoint.answer === 'events' ? 'text/event-stream' : '*/*' };
  if (options.apiKey !== undefined) headers['authorization'] = `Bearer ${options.apiKey}`;
  const csrf = options.csrfToken?.();
  if (csrf && endpoint.method !== 'GET') headers['x-csrf-token'] = csrf;
  if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
  let body: string | undefined;
  if (call.body !== undefined) {
    const text = call.mediaType !== undefined && typeof call.body === 'string';
    headers['content-type'] = text ? call.mediaType : 'application/json';
    body = text ? call.body : JSON.stringify(call.body);
  }
  try {
    return await send(urlOf(options.url, endpoint, call), {
      method: endpoint.method,
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

function urlOf(origin: string, endpoint: Endpoint, call: CallOptions<Endpoint>): string {
  const params: Readonly<Record<string, unknown>> = call.params ?? {};
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (typeof value === 'string') query.set(name, value);
    else if (typeof value === 'number' || typeof value === 'boolean') query.set(name, String(value));
  }
  return `${origin}${API_PREFIX}${path}${query.size > 0 ? `?${query}` : ''}`;
}

async function resultOf(endpoint: Endpoint, response: Response): Promise<unknown> {
  if (endpoint.answer === 'nothing') return undefined;
  if (typeof endpoint.answer === 'string') return response;
  return endpoint.answer.json.parse(await response.json());
}

async function problemOf(response: Response): Promise<Problem> {
  const parsed = Problem.safeParse(await response.json().catch(() => null));
  if (parsed.success) return parsed.data;
  return {
    type: 'about:blank',
    status: response.status,
    code: 'UNEXPECTED_ANSWER',
    title: `The server answered ${response.status} without saying why.`,
    fix: 'Check that the address is the control plane itself and not something in front of it.',
  };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? `${cause.message}.` : 'The connection failed.';
}
