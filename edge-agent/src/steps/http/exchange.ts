/**
 * A call from its request to the answer that counts: the agent's policy is asked before every hop, redirects are followed
 * where the document wants it, credentials and headers of the document go to the origin that it names and to no other.
 */
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { asItIs } from '../step-failure.ts';
import type { Authenticator } from './authentication.ts';
import { invalid, isSafe, requestFailure, shownUrl } from './failures.ts';
import { ACCEPT_ENCODING, type HttpAnswer, type HttpRequest, type Receiver, type Transport } from './transport.ts';

/** Longest content of an answer, bytes. */
export const CONTENT_BYTES = 4_194_304;
/** Redirects followed by one call. */
const REDIRECTS = 10;
const FOLLOWED = new Set([301, 302, 303, 307, 308]);
/** Headers that belong to the connection, or would name another host than the policy was asked about. */
const REFUSED = new Set(
  'connection content-length expect host keep-alive proxy-authorization proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);
/** What another origin is told. */
const FOR_ANYONE = new Set(['accept', 'accept-language', 'content-type']);

/** A call before anything was sent. */
export interface Call {
  readonly method: string;
  readonly url: URL;
  /** Of the document, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: HttpRequest['body'];
  /** Follow redirects, and take an answer that leads nowhere. */
  readonly redirect: boolean;
}

/** The answer that counts, and the request that it answers, credentials left out. */
export interface Exchanged {
  readonly request: HttpRequest;
  readonly answer: HttpAnswer;
}

/** What an exchange runs in. */
export interface Surroundings {
  readonly context: StepContext;
  readonly transport: Transport;
  /** Longest content, bytes; `CONTENT_BYTES` when absent. */
  readonly maxBytes?: number;
  /** Takes contents that are not to be held; none by default. */
  readonly receiver?: Receiver;
}

/**
 * Sends it and follows redirects.
 * @throws StepFailure HTTP_ADDRESS_INVALID, HTTP_HEADER_REFUSED, HTTP_UNREACHABLE, HTTP_BROKEN, HTTP_TLS_UNTRUSTED,
 * HTTP_CONTENT_TOO_LARGE, HTTP_REDIRECT_REFUSED, and what the policy says
 */
export async function exchange(
  call: Call,
  around: Surroundings,
  authenticator: Authenticator | null,
): Promise<Exchanged> {
  checkHeaders(call.headers);
  const { origin } = checkAddress(call.url);
  const credentials = (await authenticator?.headers()) ?? {};
  let { method, url, body } = call;
  let headers: Readonly<Record<string, string>> = { ...defaults(around), ...call.headers };
  let hasActed = false;
  for (let hop = 0; ; hop += 1) {
    const isHome = url.origin === origin;
    const request: HttpRequest = { method, url, headers: isHome ? headers : forAnyone(headers, around), body };
    try {
      const answer = await answerOf(request, isHome ? { credentials, authenticator } : null, around);
      const location = answer.headers['location'];
      if (!call.redirect || location === undefined || !FOLLOWED.has(answer.status)) return { request, answer };
      hasActed ||= !isSafe(method);
      if (hop >= REDIRECTS) throw refusedRedirect(url, `it was redirected more than ${REDIRECTS} times`);
      const next = nextOf(answer.status, location, request);
      // What is in the body was meant for one origin; a secret in it must not reach another.
      if (next.body !== null && next.url.origin !== origin && around.context.usesSecret) {
        throw refusedRedirect(url, 'its content holds a secret and would go to another origin');
      }
      if (next.body === null) headers = without(headers, ['content-type', 'content-encoding', 'content-language']);
      ({ method, url, body } = next);
    } catch (error) {
      // An earlier hop has acted, whatever this one says.
      throw hasActed && error instanceof StepFailure ? asItIs(error, false) : error;
    }
  }
}

/** One request, or two where the server challenges. */
async function answerOf(
  request: HttpRequest,
  home: { credentials: Readonly<Record<string, string>>; authenticator: Authenticator | null } | null,
  around: Surroundings,
): Promise<HttpAnswer> {
  const with_ = (more: Readonly<Record<string, string>>): HttpRequest => ({
    ...request,
    headers: { ...request.headers, ...more },
  });
  const answer = await sendOnce(with_(home?.credentials ?? {}), around);
  const again = home?.authenticator?.retry(answer, request) ?? null;
  return again === null ? answer : sendOnce(with_(again), around);
}

/** One request under the policy; errors in words. */
export async function sendOnce(
  request: HttpRequest,
  { context, transport, maxBytes, receiver }: Surroundings,
): Promise<HttpAnswer> {
  checkAddress(request.url);
  await context.policy.checkUrl(request.url.href);
  context.checkSecretAddress?.(request.url.href);
  let connected = false;
  const limits = {
    signal: context.signal,
    maxBytes: maxBytes ?? CONTENT_BYTES,
    receiver,
    lookup: context.policy.lookupFor?.(request.url.href),
    onConnected: () => {
      connected = true;
    },
  };
  try {
    return await transport(request, limits);
  } catch (error) {
    throw requestFailure(error, request.method, request.url, connected);
  }
}

/** The address, if this client goes there at all. */
export function checkAddress(url: URL): URL {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(
      'HTTP_ADDRESS_INVALID',
      'The address cannot be called',
      `${url.protocol} is neither http: nor https:.`,
    );
  }
  if (url.username === '' && url.password === '') return url;
  const how = 'It holds credentials: give them by endpoint.authentication, from a secret.';
  throw invalid('HTTP_ADDRESS_INVALID', 'The address cannot be called', how);
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  const refused = Object.keys(headers).find((name) => REFUSED.has(name));
  if (refused === undefined) return;
  const why = `${refused} belongs to the connection: leave it out.`;
  throw invalid('HTTP_HEADER_REFUSED', 'A header cannot be set by a document', why);
}

function defaults({ receiver }: Surroundings): Record<string, string> {
  return {
    accept: receiver === undefined ? 'application/json, text/*;q=0.9, */*;q=0.8' : '*/*',
    'accept-encoding': ACCEPT_ENCODING,
    'user-agent': 'Casare',
  };
}

function forAnyone(headers: Readonly<Record<string, string>>, around: Surroundings): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => FOR_ANYONE.has(name));
  return { ...defaults(around), ...Object.fromEntries(kept) };
}

function without(headers: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** The next hop as browsers make it (Fetch standard): a POST becomes a GET, except by 307 and 308. */
function nextOf(
  status: number,
  location: string,
  { method, url, body }: HttpRequest,
): Pick<Call, 'method' | 'url' | 'body'> {
  if (!URL.canParse(location, url.href)) throw refusedRedirect(url, 'it was redirected to what is no address');
  const next = new URL(location, url);
  const becomesGet = status === 303 ? method !== 'HEAD' : (status === 301 || status === 302) && method === 'POST';
  return becomesGet ? { method: 'GET', url: next, body: null } : { method, url: next, body };
}

function refusedRedirect(url: URL, why: string): StepFailure {
  return new StepFailure({
    type: 'communication',
    status: 502,
    code: 'HTTP_REDIRECT_REFUSED',
    title: 'A redirect was not followed',
    detail: `${shownUrl(url)}: ${why}.`,
    certain: true,
  });
}
