/**
 * The one way out of the control plane to addresses that somebody entered: webhooks, sign-in providers and their keys,
 * storage, vaults, alerts.
 *
 * Invariants: a name is resolved once for a connection, every address that it has is judged, and the connection goes to
 * an address that was judged (a name that changes its mind in between reaches nothing); each redirect is a new call and is
 * judged again; https unless the operator allows otherwise; no more bytes and no more time than the caller says; what is
 * told to a caller does not say what an inner name resolves to.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { Fault, lineOf } from '../errors.ts';
import type { OutboundAllowed, Target } from './allowed.ts';
import { Channel } from './channel.ts';

/** The addresses of a name. @throws when it has none */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface OutboundOptions {
  readonly allowed: OutboundAllowed;
  /** For tests; otherwise as the operating system does. */
  readonly resolve?: Resolve;
  /** Certificates, PEM, that servers are verified by instead of the system's. */
  readonly ca?: string | undefined;
}

/** What is sent, and its bounds. */
export interface OutboundCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Bytes of the answer's body. */
  readonly maxBytes?: number;
  /** For all of it, redirects too, milliseconds. */
  readonly timeoutMs?: number;
  /** How many are followed; with 0 a redirect is the answer. */
  readonly redirects?: number;
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

const URL_CHARACTERS = 2_048;
const HEADER_BYTES = 16_384;
const MAX_BYTES = 1_048_576;
const TIMEOUT_MS = 10_000;
const CONNECT_MS = 5_000;
/** Of a name: more are not tried. */
const ADDRESSES = 4;
const REDIRECT = new Set([301, 302, 303, 307, 308]);
/** Not told to another origin. */
const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization']);

export class Outbound {
  readonly #allowed: OutboundAllowed;
  readonly #resolve: Resolve;
  readonly #connect: buildConnector.connector;

  constructor({ allowed, resolve = systemResolve, ca }: OutboundOptions) {
    const trust = ca === undefined ? {} : { ca };
    this.#connect = buildConnector({ timeout: CONNECT_MS, allowH2: false, maxCachedSessions: 0, ...trust });
    this.#allowed = allowed;
    this.#resolve = resolve;
  }

  /** @throws Fault OUTBOUND_URL, OUTBOUND_REFUSED, OUTBOUND_FAILED, OUTBOUND_TIMEOUT, OUTBOUND_TOO_LARGE, OUTBOUND_REDIRECTS */
  async call(address: string | URL, call: OutboundCall = {}): Promise<OutboundAnswer> {
    const late = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
    const signal = call.signal === undefined ? late : AbortSignal.any([late, call.signal]);
    let url = readUrl(String(address));
    let next = call;
    for (let left = call.redirects ?? 0; ; left--) {
      const answer = await this.#once(url, { ...next, signal }, late);
      const location = REDIRECT.has(answer.status) ? answer.headers.get('location') : null;
      if (location === null || (call.redirects ?? 0) === 0) return answer;
      if (left === 0) throw failed(url, 'OUTBOUND_REDIRECTS', 'it redirects too often', 502);
      const to = readUrl(location, url);
      next = redirected(next, answer.status, to.origin === url.origin);
      url = to;
    }
  }

  /** For libraries that want a `fetch`: they get nothing that `call` would not give. Redirects are not followed. */
  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { status, headers, body } = await this.call(input instanceof Request ? input.url : input, {
      method: (init.method ?? 'GET') as NonNullable<OutboundCall['method']>,
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(init.body == null ? {} : { body: bodyOf(init.body) }),
      ...(init.signal == null ? {} : { signal: init.signal }),
    });
    return new Response(body.length === 0 ? null : new Uint8Array(body), { status, headers });
  };

  /** For stores of files: streams, by connections that are kept. Closed by who asked for it. */
  channel(): Channel {
    return new Channel(this.#dial);
  }

  async #once(
    url: URL,
    call: OutboundCall & { readonly signal: AbortSignal },
    late: AbortSignal,
  ): Promise<OutboundAnswer> {
    // A client for one request: nothing that was judged for another one is used again.
    const client = new Client(url.origin, { connect: this.#dial, maxHeaderSize: HEADER_BYTES, pipelining: 1 });
    try {
      const { statusCode, headers, body } = await client.request({
        path: `${url.pathname}${url.search}`,
        method: call.method ?? 'GET',
        headers: { 'accept-encoding': 'identity', 'user-agent': 'casare', ...call.headers },
        body: call.body ?? null,
        signal: call.signal,
      });
      return {
        status: statusCode,
        headers: headersOf(headers),
        body: await readAll(body, call.maxBytes ?? MAX_BYTES, url),
      };
    } catch (error) {
      if (error instanceof Fault) throw error;
      if (late.aborted) throw failed(url, 'OUTBOUND_TIMEOUT', 'it takes too long', 504);
      throw failed(url, 'OUTBOUND_FAILED', lineOf(error), 502, error);
    } finally {
      void client.destroy().catch(() => undefined);
    }
  }

  /** Opens every connection. It gets the name, and gives undici an address that was judged. */
  readonly #dial = (options: buildConnector.Options, done: buildConnector.Callback): void => {
    this.#judged(options).then(
      (addresses) => this.#connectTo(options, addresses, done),
      (error: unknown) => done(error as Error, null),
    );
  };

  async #judged(options: buildConnector.Options): Promise<readonly string[]> {
    const plain = options.protocol !== 'https:';
    const host = plainHost(options.hostname);
    const target: Target = { plain, host, port: Number(options.port || (plain ? 80 : 443)) };
    const addresses = (isIP(host) === 0 ? await this.#resolve(host) : [host]).slice(0, ADDRESSES);
    if (addresses.length === 0) throw new Error(`${host} has no address`);
    for (const address of addresses) {
      const objection = this.#allowed.objection(target, address);
      if (objection !== null) throw refused(host, objection);
    }
    return addresses;
  }

  #connectTo(
    options: buildConnector.Options,
    [address, ...others]: readonly string[],
    done: buildConnector.Callback,
  ): void {
    const host = plainHost(options.hostname);
    // The certificate is that of the name.
    const named = options.protocol === 'https:' && isIP(host) === 0 ? { servername: host } : {};
    this.#connect({ ...options, ...named, hostname: address! }, (error, socket) => {
      if (error === null) done(null, socket);
      else if (others.length > 0) this.#connectTo(options, others, done);
      else done(error, null);
    });
  }
}

async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

function plainHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function readUrl(text: string, base?: URL): URL {
  const url = text.length <= URL_CHARACTERS && URL.canParse(text, base?.href) ? new URL(text, base?.href) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new Fault({
    code: 'OUTBOUND_URL',
    what: base === undefined ? 'This address cannot be called' : `${base.host} redirects to what cannot be called`,
    why: `it is no http or https URL of at most ${URL_CHARACTERS} characters without a user name`,
    status: 422,
  });
}

/** As browsers do: what is not repeated becomes a GET, and another origin is told no credentials. */
function redirected(call: OutboundCall, status: number, sameOrigin: boolean): OutboundCall {
  const keep =
    status === 307 || status === 308 || call.method === undefined || call.method === 'GET' || call.method === 'HEAD';
  const headers = Object.entries(call.headers ?? {}).filter(
    ([name]) =>
      (sameOrigin || !CREDENTIALS.has(name.toLowerCase())) && (keep || !name.toLowerCase().startsWith('content-')),
  );
  const { method = 'GET', body, ...rest } = call;
  const sent = keep ? { method, ...(body === undefined ? {} : { body }) } : {};
  return { ...rest, ...sent, headers: Object.fromEntries(headers) };
}

async function readAll(body: AsyncIterable<Uint8Array>, maxBytes: number, url: URL): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw failed(url, 'OUTBOUND_TOO_LARGE', `it answers with more than ${maxBytes} bytes`, 502);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf(headers: Dispatcher.ResponseData['headers']): Headers {
  return new Headers(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [value].flat().map((one): [string, string] => [name, one]),
    ),
  );
}

function bodyOf(body: NonNullable<RequestInit['body']>): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('only texts, bytes and forms are sent');
}

const WHY = {
  plain: 'it is not called by https',
  metadata: 'its address is one at which clouds give out credentials',
  loopback: 'its address is of this machine',
  'link-local': 'its address is not a public one',
  private: 'its address is not a public one',
  special: 'its address is not a public one',
} as const;

function refused(host: string, objection: keyof typeof WHY): Fault {
  return new Fault({
    code: 'OUTBOUND_REFUSED',
    what: `The control plane does not call ${host}`,
    why: WHY[objection],
    fix: 'Enter a public https address, or let the operator list it in CASARE_OUTBOUND_ALLOW',
    status: 422,
  });
}

function failed(url: URL, code: string, why: string, status: number, cause?: unknown): Fault {
  return new Fault({
    code,
    what: `${url.host} could not be called`,
    why,
    status,
    ...(cause === undefined ? {} : { cause }),
  });
}
