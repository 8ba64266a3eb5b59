/**
 * One request and its answer, over Node's own client: no redirects, no cookies, no connection kept for later (one that the
 * server has closed meanwhile would leave an unsafe request in doubt). Proxies are those of the environment.
 *
 * Bounds: the answer's content as it is after decompression, its head, the time by a signal.
 */
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** A request as it is sent. Names of headers are in lower case. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** An answer, whatever its status. Several headers of one name are joined by commas. */
export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a request may cost. */
export interface TransportLimits {
  readonly signal: AbortSignal;
  /** Longest content after decompression, bytes. */
  readonly maxBytes: number;
  /** Called when the connection stands: from then on the request may have arrived. */
  readonly onConnected: () => void;
  /** How names are looked up; as the system does when absent. */
  readonly lookup?: LookupFunction | undefined;
}

/** Sends a request. Rejects with `ContentTooLarge`, and with what Node says of names, connections and certificates. */
export type Transport = (request: HttpRequest, limits: TransportLimits) => Promise<HttpAnswer>;

/** The content is longer than it may be. */
export class ContentTooLarge extends Error {
  override readonly name = 'ContentTooLarge';
}

/** Longest head of an answer, bytes. */
const HEAD_BYTES = 65_536;
/** Encodings one answer may wrap its content in. */
const ENCODINGS = 3;
/** What this client can decompress. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/** A transport that goes through the proxies which these variables name. */
export function createTransport(environment: Readonly<Record<string, string | undefined>>): Transport {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  const proxyEnv = Object.fromEntries(names.map((name) => [name, environment[name]]));
  const plain = new http.Agent({ keepAlive: false, proxyEnv });
  const secure = new https.Agent({ keepAlive: false, proxyEnv });
  return (request, limits) =>
    request.url.protocol === 'https:'
      ? send((options) => https.request(request.url, { ...options, agent: secure }), request, limits)
      : send((options) => http.request(request.url, { ...options, agent: plain }), request, limits);
}

async function send(
  open: (options: http.RequestOptions) => http.ClientRequest,
  { method, headers, body, url }: HttpRequest,
  { signal, maxBytes, onConnected, lookup }: TransportLimits,
): Promise<HttpAnswer> {
  signal.throwIfAborted();
  const length = body === null ? {} : { 'content-length': String(body.length) };
  const names = lookup === undefined ? {} : { lookup };
  const request = open({ method, headers: { ...headers, ...length }, maxHeaderSize: HEAD_BYTES, signal, ...names });
  request.once('socket', (socket) => {
    // Through a proxy the connection may stand already, and nobody would hear that it does.
    if (socket.connecting) socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected);
    else onConnected();
  });
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  // It stays: an error after the answer began must not be one that nobody listens to.
  request.on('error', reject);
  request.once('response', resolve);
  request.end(body ?? undefined);
  try {
    const message = await promise;
    const status = message.statusCode ?? 0;
    const isEmpty = method === 'HEAD' || status === 204 || status === 304;
    return {
      status,
      statusText: message.statusMessage ?? '',
      headers: textsOf(message.headers),
      body: isEmpty ? Buffer.alloc(0) : await contentOf(message, maxBytes),
    };
  } finally {
    request.destroy();
  }
}

async function contentOf(message: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  const decoders = decodersOf(message.headers['content-encoding'] ?? '');
  // Whatever breaks in between breaks the last one, which is read.
  const last: Readable = decoders.at(-1) ?? message;
  if (last !== message) pipeline([message, ...decoders], () => undefined);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of last as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new ContentTooLarge(`The content is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decodersOf(encoding: string): Transform[] {
  const names = encoding
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > ENCODINGS) throw new Error(`The content is encoded more than ${ENCODINGS} times`);
  return names.toReversed().map((name) => {
    if (name === 'gzip' || name === 'x-gzip') return createGunzip();
    if (name === 'deflate') return createInflate();
    if (name === 'br') return createBrotliDecompress();
    throw new Error(`The content is encoded by ${name.slice(0, 40)}, which was not asked for`);
  });
}

function textsOf(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
