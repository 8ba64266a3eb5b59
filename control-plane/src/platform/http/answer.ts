/** Sends what a handler returned, parsed by the endpoint's declaration: an answer that is not as declared never leaves. */
import type { Endpoint } from '@casare/shared/api';
import type { Response } from 'express';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isRefusal, refuse, type Refusal } from '../refusal.ts';
import { sendRefusal } from './problem.ts';
import { sentOf, type ByteRange } from './range.decision.ts';
import { servedType } from './served-type.ts';
import { sendEvents, type ServerSentEvent } from './sse.ts';

/** Bytes that are made while they are sent; `name` makes browsers save instead of show. */
export interface MadeBytes {
  readonly stream: Readable;
  readonly mediaType: string;
  /** Null when it is not known before. */
  readonly bytes: number | null;
  readonly name: string;
}

/** A file that is kept: sent whole or in part, and known by its hash. */
export interface StoredBytes {
  readonly mediaType: string;
  readonly bytes: number;
  readonly name: string;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Its bytes, of `range` alone when given. Asked for once at most, and not at all when nothing is sent of them. */
  read(range: ByteRange | null): Promise<Readable | Refusal>;
  /** Where the client fetches it instead, with these headers; null: from here. */
  readonly elsewhere?: (as: { readonly type: string; readonly disposition: string }) => Promise<string | null>;
}

/** A file to save. */
export type BytesReply = MadeBytes | StoredBytes;

/** What leaves: JSON text, or nothing. */
export interface Answered {
  readonly status: number;
  readonly body: string | null;
  /** It is the answer of an earlier request with the same idempotency key. */
  readonly repeated?: boolean;
}

/**
 * The answer of an operation that answers with JSON or nothing.
 * @throws when it does not match its schema: a fault of ours, logged and answered with 500.
 */
export function answered({ answer, status }: Endpoint, result: unknown): Answered {
  if (answer === 'nothing') return { status: 204, body: null };
  if (typeof answer === 'string') throw new Error(`an answer of ${answer} is no text`);
  return { status: status ?? 200, body: JSON.stringify(answer.json.parse(result)) };
}

/** Sends what `answered` made. */
export function sendAnswered(response: Response, { status, body, repeated }: Answered): void {
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  if (repeated) response.setHeader('Idempotency-Replayed', 'true');
  response.status(status);
  if (body === null) response.end();
  else response.type('application/json').send(body);
}

/**
 * `ended` aborts when a stream must end before its source does.
 * @throws as `answered` does
 */
export async function sendAnswer(
  endpoint: Endpoint,
  response: Response,
  result: unknown,
  ended?: AbortSignal,
): Promise<void> {
  if (isRefusal(result)) {
    sendRefusal(response, result);
    return;
  }
  if (endpoint.answer === 'bytes') {
    if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
    await sendBytes(response, result as BytesReply);
  } else if (endpoint.answer === 'events') {
    await sendEvents(response, result as AsyncIterable<ServerSentEvent>, ended);
  } else {
    sendAnswered(response, answered(endpoint, result));
  }
}

/**
 * Files come from agents: they are saved, never shown as a page of ours. So an attachment by name (RFC 6266, RFC 8187), of a
 * type that was decided when it was announced, which nobody guesses (`nosniff`, of every answer), in a sandbox without
 * anything.
 */
async function sendBytes(response: Response, reply: BytesReply): Promise<void> {
  response.attachment(reply.name.split('/').at(-1));
  response.setHeader('Content-Type', servedType(reply.mediaType));
  response.setHeader('Content-Security-Policy', "sandbox; default-src 'none'");
  if ('read' in reply) await sendStored(response, reply);
  else await sendMade(response, reply);
}

async function sendMade(response: Response, { stream, bytes }: MadeBytes): Promise<void> {
  response.status(200);
  if (bytes !== null) response.setHeader('Content-Length', bytes);
  if (response.req.method === 'HEAD') {
    stream.destroy();
    response.end();
  } else await pour(stream, response);
}

async function sendStored(response: Response, reply: StoredBytes): Promise<void> {
  const { req: request } = response;
  const { bytes, sha256 } = reply;
  const etag = `"${sha256}"`;
  const asked = {
    ...{ method: request.method, range: request.get('range'), ifRange: request.get('if-range') },
    ...{ ifMatch: request.get('if-match'), ifNoneMatch: request.get('if-none-match') },
  };
  const sent = sentOf(asked, { etag, bytes });
  response.set({ ETag: etag, 'Accept-Ranges': 'bytes' });
  if (!('range' in sent)) {
    sendNothingOf(response, sent.status, bytes);
    return;
  }
  const { range } = sent;
  if (await sendElsewhere(response, reply)) return;
  const stream = request.method === 'HEAD' ? null : await reply.read(range);
  if (isRefusal(stream)) {
    refuseBytes(response, stream);
    return;
  }
  response.status(sent.status);
  // Of the whole file, also where a part of it is sent (RFC 9530).
  response.setHeader('Repr-Digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
  response.setHeader('Content-Length', range === null ? bytes : range.end - range.start + 1);
  if (range !== null) response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${bytes}`);
  if (stream === null) response.end();
  else await pour(stream, response);
}

/** For a GET whose bytes would be sent: whoever has them already, or asks for what is not there, is answered here. */
async function sendElsewhere(response: Response, { elsewhere }: StoredBytes): Promise<boolean> {
  if (elsewhere === undefined || response.req.method !== 'GET') return false;
  const [type, disposition] = ['Content-Type', 'Content-Disposition'].map((name) => String(response.getHeader(name)));
  const location = await elsewhere({ type: type!, disposition: disposition! });
  if (location === null) return false;
  // The address says of these what the bucket is to send; the tag is of the file, not of this answer.
  for (const name of ['Content-Type', 'Content-Disposition', 'ETag', 'Accept-Ranges']) response.removeHeader(name);
  response.setHeader('Location', location);
  response.status(302).end();
  return true;
}

function sendNothingOf(response: Response, status: 304 | 412 | 416, bytes: number): void {
  if (status === 412) refuseBytes(response, notThisOne(), 412);
  else if (status === 416) {
    response.setHeader('Content-Range', `bytes */${bytes}`);
    refuseBytes(response, outside(bytes), 416);
  } else {
    response.removeHeader('Content-Disposition');
    response.removeHeader('Content-Type');
    response.status(304).end();
  }
}

async function pour(stream: Readable, response: Response): Promise<void> {
  try {
    await pipeline(stream, response);
  } catch (error) {
    // The client went away while it was being sent.
    if (!response.destroyed || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

/** A problem document is no file. */
function refuseBytes(response: Response, refusal: Refusal, status?: number): void {
  response.removeHeader('Content-Disposition');
  if (status !== 416) response.removeHeader('ETag');
  sendRefusal(response, refusal, status);
}

function notThisOne(): Refusal {
  return refuse('conflict', 'PRECONDITION_FAILED', 'This is not the file that was meant.', {
    detail: 'Its ETag is none of those in If-Match.',
  });
}

function outside(bytes: number): Refusal {
  return refuse('invalid', 'RANGE_NOT_SATISFIABLE', 'The range begins behind the end of the file.', {
    detail: `It has ${bytes} bytes.`,
  });
}
