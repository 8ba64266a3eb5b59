/** Carries the requests of the S3 client through a channel of `platform/outbound`: it opens no connection of its own. */
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { Fault } from '../errors.ts';
import type { Channel } from '../outbound/channel.ts';

/** A request for 60 s, and a second more for each MiB that it carries. */
const BASE_MS = 60_000;
const MIB = 1_048_576;

interface Request {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
}

export function channelHandler(channel: Channel): NonNullable<S3ClientConfig['requestHandler']> {
  const handle = async (request: Request, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
    const { protocol, hostname, port, path, query = {}, method, body = null } = request;
    // Undici knows no 100 Continue; the header is not among those that are signed.
    const { expect: _, ...headers } = lowerCase(request.headers);
    const late = AbortSignal.timeout(BASE_MS + Math.ceil(Number(headers['content-length'] ?? 0) / MIB) * 1_000);
    const send = () =>
      channel.send({
        ...{ origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`, method, headers, body },
        path: `${path}${queryOf(query)}`,
        signal: abortSignal === undefined ? late : AbortSignal.any([late, abortSignal]),
      });
    const { status: statusCode, headers: told, body: content } = await again(send, isStream(body));
    return { response: { statusCode, headers: told, body: content } };
  };
  return {
    handle,
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    destroy: () => undefined,
  } as never;
}

/** A kept connection may just have been closed by the other side: once more, where that can be. */
async function again<T>(send: () => Promise<T>, once: boolean): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (once || !(error instanceof Fault) || error.code !== 'OUTBOUND_FAILED') throw error;
    return await send();
  }
}

function isStream(body: unknown): boolean {
  return body !== null && typeof body === 'object' && !(body instanceof Uint8Array);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Written as it was signed, in that order: some servers do not sort it again. */
export function queryOf(query: NonNullable<Request['query']>): string {
  const sorted = Object.entries(query).sort(([one], [other]) => (one < other ? -1 : 1));
  const pairs = sorted.flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? escape(name) : `${escape(name)}=${escape(one)}`)),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function escape(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}
