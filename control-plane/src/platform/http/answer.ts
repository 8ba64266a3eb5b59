/** Sends what a handler returned, parsed by the endpoint's declaration: an answer that is not as declared never leaves. */
import type { Endpoint } from '@casare/shared/api';
import type { Response } from 'express';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isRefusal } from '../refusal.ts';
import { sendRefusal } from './problem.ts';
import { sendEvents, type ServerSentEvent } from './sse.ts';

/** Bytes to send; `name` makes browsers save instead of show. */
export interface BytesReply {
  readonly stream: Readable;
  readonly mediaType: string;
  /** Null when it is made while it is sent. */
  readonly bytes: number | null;
  readonly name: string;
}

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

/** Files come from agents: they are saved, never shown as a page of ours. */
async function sendBytes(response: Response, reply: BytesReply): Promise<void> {
  response.status(200);
  response.attachment(reply.name.split('/').at(-1));
  response.setHeader('Content-Type', safeMediaType(reply.mediaType));
  if (reply.bytes !== null) response.setHeader('Content-Length', reply.bytes);
  response.setHeader('Content-Security-Policy', "sandbox; default-src 'none'");
  try {
    await pipeline(reply.stream, response);
  } catch (error) {
    // The client went away while it was being sent.
    if (!response.destroyed || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function safeMediaType(type: string): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream';
}
