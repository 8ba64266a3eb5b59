/**
 * `@Handles(endpoint)` binds a controller method to a declared operation: route and method come from the declaration,
 * what arrives is parsed by it, what leaves is parsed by it, and the guard reads its permission from it. A method
 * gets one `Call` and returns the answer, or a `Refusal`.
 *
 * Invariant: the method runs only after the guard allowed the caller and every part of the request was parsed.
 */
import { Req, RequestMapping, RequestMethod, Res, SetMetadata } from '@nestjs/common';
import { API_PREFIX, showsOne, type Endpoint } from '@casare/shared/api';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { isRefusal, type Refusal } from '../refusal.ts';
import { answered, sendAnswer, sendAnswered, type BytesReply } from './answer.ts';
import { BODY_BYTES } from './body.ts';
import type { Caller } from './caller.ts';
import { tagged, tagUpdate, unchangedOf, type Unchanged } from './etag.ts';
import { idempotencyOf, scopedKey, type Idempotency, type KeyedRequest } from './idempotency.ts';
import { loadGateOf, type Leave } from './load-gate.ts';
import { boundAnswer, nextLink, openedQuery } from './list-cursors.ts';
import { openStreamsOf } from './open-streams.ts';
import { parseRequest, type ParsedRequest } from './parse.ts';
import { RefusedError, sendRefusal } from './problem.ts';
import { callerOf } from './request-state.ts';
import type { ServerSentEvent } from './sse.ts';
import { atSites } from '../site-scope.ts';

/** A parsed request. */
export interface Call<E extends Endpoint = Endpoint> {
  readonly params: Parsed<E['params']>;
  readonly query: Parsed<E['query']>;
  readonly body: Parsed<E['body']>;
  /** Null only where the endpoint is public. */
  readonly caller: E['permission'] extends 'public' ? Caller | null : Caller;
  /** Of the `Idempotency-Key` header: unique to this caller and operation. For operations that take it themselves. */
  readonly idempotencyKey: string | null;
  /** To be asked with the thing as it is now, where the endpoint declares `ifMatch` and the caller has sent it. */
  readonly unchanged: Unchanged | undefined;
  /** Aborts when the client went away, and, of a stream, when its caller may not read it any more. */
  readonly signal: AbortSignal;
  /** For what the declaration cannot say: cookies, addresses, `Last-Event-ID`. */
  readonly request: Request;
  readonly response: Response;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler of `E` returns when it does not refuse. */
export type Reply<E extends Endpoint> = E['answer'] extends { json: infer S extends z.ZodType }
  ? z.input<S>
  : E['answer'] extends 'bytes'
    ? BytesReply
    : E['answer'] extends 'events'
      ? AsyncIterable<ServerSentEvent>
      : void;

type Handler<E extends Endpoint> = (call: Call<E>) => Promise<Reply<E> | Refusal>;

const ENDPOINT = Symbol('endpoint');
const HANDLER = Symbol('handler');

/** Options of a binding. */
export interface HandlesOptions {
  /** Instead of `/api/v1`: the enrol listener's operations say `''`. */
  readonly prefix?: string;
}

/** Binds a method `(call: Call<typeof e>) => Promise<Reply<typeof e> | Refusal>` to endpoint `e`. */
export function Handles<const E extends Endpoint>(endpoint: E, options: HandlesOptions = {}) {
  return <M extends Handler<E>>(target: object, key: string, descriptor: TypedPropertyDescriptor<M>): void => {
    const handler = descriptor.value as unknown as Handler<Endpoint>;
    async function handle(this: unknown, request: Request, response: Response): Promise<void> {
      const leave = enterLoad(endpoint, request);
      const caller = callerOf(request);
      const stream = endpoint.answer === 'events' && caller ? openStreamsOf(request.app).enter(caller) : null;
      try {
        const parsed = await parseRequest(endpoint, request);
        const signal = AbortSignal.any([abortOnClose(response), ...(stream ? [stream.ended] : [])]);
        const keyed = keyedRequest(endpoint, request, parsed);
        const idempotencyKey = keyed && scopedKey(keyed);
        const query = openedQuery(endpoint, parsed.query);
        const unchanged = unchangedOf(endpoint, request);
        const call = { ...parsed, query, idempotencyKey, unchanged, caller, signal, request, response };
        const handled = () => atSites(caller?.sites ?? null, () => handler.call(this, call as Call));
        const work = async () => boundAnswer(endpoint, parsed.query, await handled());
        const idempotency = endpoint.idempotency === 'own' ? undefined : idempotencyOf(request.app);
        if (keyed && idempotency) await sendOnce(idempotency, keyed, response, work);
        else {
          const result = await work();
          const next = endpoint.list === undefined ? null : nextLink(request.originalUrl, result);
          if (next !== null) response.setHeader('Link', next);
          if (!isRefusal(result)) tagUpdate(endpoint, response, () => result);
          const isKnown =
            showsOne(endpoint) && !isRefusal(result) && tagged(endpoint, request, response, result as object);
          if (isKnown) response.status(304).end();
          else await sendAnswer(endpoint, response, result, stream?.ended);
        }
      } finally {
        stream?.leave();
        leave?.();
      }
    }
    descriptor.value = handle as unknown as M;
    const path = `${options.prefix ?? API_PREFIX}${endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    RequestMapping({ method: RequestMethod[endpoint.method], path })(target, key, descriptor);
    SetMetadata(ENDPOINT, endpoint)(target, key, descriptor);
    SetMetadata(HANDLER, handler)(target, key, descriptor);
    Req()(target, key, 0);
    Res()(target, key, 1);
  };
}

/** The endpoint a controller method was bound to. */
export function endpointOf(handler: object): Endpoint | undefined {
  return Reflect.getMetadata(ENDPOINT, handler) as Endpoint | undefined;
}

/** Null without a key, and where there is nobody whose key it could be. */
function keyedRequest(endpoint: Endpoint, request: Request, parsed: ParsedRequest): KeyedRequest | null {
  const caller = callerOf(request);
  if (parsed.idempotencyKey === null || caller === null || endpoint.method !== 'POST') return null;
  return { endpoint, caller, path: request.path, parsed, key: parsed.idempotencyKey };
}

async function sendOnce(
  idempotency: Idempotency,
  keyed: KeyedRequest,
  response: Response,
  work: () => Promise<unknown>,
): Promise<void> {
  const answer = await idempotency.once(keyed, async () => {
    const result = await work();
    return isRefusal(result) ? result : answered(keyed.endpoint, result);
  });
  if (isRefusal(answer)) {
    sendRefusal(response, answer);
    return;
  }
  const { body } = answer;
  if (body !== null) tagUpdate(keyed.endpoint, response, () => JSON.parse(body));
  sendAnswered(response, answer);
}

/** A controller method as it was written, for who has a parsed call already. */
export function handlerOf(method: object): { endpoint: Endpoint; handler: Handler<Endpoint> } | undefined {
  const endpoint = endpointOf(method);
  return endpoint && { endpoint, handler: Reflect.getMetadata(HANDLER, method) as Handler<Endpoint> };
}

/** A place for the request's body, before a byte of it is read. @throws RefusedError SUBMITS_BUSY or REQUESTS_BUSY */
export function enterLoad(endpoint: Endpoint, request: Request): Leave | null {
  if (endpoint.body === undefined) return null;
  const tenant = callerOf(request)?.tenant ?? null;
  const limit = endpoint.bodyBytes ?? BODY_BYTES;
  const announced = request.get('content-length');
  const kind = tenant === null ? 'public' : (endpoint.load ?? 'requests');
  const bytes = announced === undefined ? limit : Math.min(Number(announced), limit);
  const leave = loadGateOf(request.app).enter({ kind, tenant, bytes });
  if (isRefusal(leave)) throw new RefusedError(leave);
  return leave;
}

function abortOnClose(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}
