/**
 * One request and its answer, over Node's own client: no redirects, no cookies, no connection kept for later (one that the
 * server has closed meanwhile would leave an unsafe request in doubt). Proxies are those of the environment.
 *
 * Bounds: the answer's content as it is after decompression, its head, the time by a signal. Contents from files and into
 * files are streamed.
 */
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { pipeline, Readable, type Transform } from 'node:stream';
import { pipeline as piped } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Bytes of a known number that can be read more than once. */
export interface Streamed {
  readonly bytes: number;
  pieces(): AsyncIterable<Buffer>;
}

/** A request as it is sent. Names of headers are in lower case. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Streamed | null;
}

/** An answer before its content. Several headers of one name are joined by commas. */
export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer, whatever its status; its content is empty here when a receiver took it. */
export interface HttpAnswer extends AnswerHead {
  readonly body: Buffer;
}

/** Where the content of some answers goes, piece by piece. */
export interface Receiver {
  readonly maxBytes: number;
  takes(head: AnswerHead): boolean;
  /** Called once, before the first piece. */
  begin(): Promise<void>;
  write(piece: Buffer): Promise<void>;
}

/** What a request may cost. */
export interface TransportLimits {
  readonly signal: AbortSignal;
  /** Longest content after decompression that nobody else receives, bytes. */
  readonly maxBytes: number;
  readonly receiver?: Receiver | undefined;
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
  /** It was to become a file. */
  readonly isFile: boolean;

  constructor(maxBytes: number, isFile: boolean) {
    super(`The content is longer than ${maxBytes} bytes`);
    this.isFile = isFile;
  }
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
  { signal, maxBytes, receiver, onConnected, lookup }: TransportLimits,
): Promise<HttpAnswer> {
  signal.throwIfAborted();
  const length = body === null ? {} : { 'content-length': String(Buffer.isBuffer(body) ? body.length : body.bytes) };
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
  // A server may answer before it has everything: then nobody needs to know how sending it ended.
  if (body === null || Buffer.isBuffer(body)) request.end(body ?? undefined);
  else piped(Readable.from(body.pieces(), { objectMode: false }), request).catch(reject);
  try {
    const message = await promise;
    const status = message.statusCode ?? 0;
    const head = { status, statusText: message.statusMessage ?? '', headers: textsOf(message.headers) };
    if (method === 'HEAD' || status === 204 || status === 304) return { ...head, body: Buffer.alloc(0) };
    if (receiver?.takes(head) === true) {
      await receiver.begin();
      await receive(message, receiver, true);
      return { ...head, body: Buffer.alloc(0) };
    }
    const chunks: Buffer[] = [];
    await receive(message, { maxBytes, write: (chunk) => void chunks.push(chunk) }, false);
    return { ...head, body: Buffer.concat(chunks) };
  } finally {
    request.destroy();
  }
}

async function receive(
  message: http.IncomingMessage,
  into: { readonly maxBytes: number; write(chunk: Buffer): Promise<void> | void },
  isFile: boolean,
): Promise<void> {
  const { maxBytes } = into;
  const decoders = decodersOf(message.headers['content-encoding'] ?? '');
  if (decoders.length === 0 && Number(message.headers['content-length'] ?? 0) > maxBytes) {
    throw new ContentTooLarge(maxBytes, isFile);
  }
  // Whatever breaks in between breaks the last one, which is read.
  const last: Readable = decoders.at(-1) ?? message;
  if (last !== message) pipeline([message, ...decoders], () => undefined);
  let bytes = 0;
  for await (const chunk of last as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new ContentTooLarge(maxBytes, isFile);
    await into.write(chunk);
  }
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
