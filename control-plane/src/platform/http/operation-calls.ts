/**
 * Carries operations out for another edge of the same application (GraphQL): the same handler, after the same check of the
 * caller's permission and the same parsing of what arrives and of what leaves.
 */
import type { DiscoveryService } from '@nestjs/core';
import { MetadataScanner } from '@nestjs/core';
import { API_PREFIX, mayCall, type Endpoint } from '@casare/shared/api';
import { isRefusal } from '../refusal.ts';
import { answered } from './answer.ts';
import type { Caller } from './caller.ts';
import { permissionDenied } from './guard.ts';
import { enterLoad, handlerOf, type Call } from './handles.ts';
import { idempotencyOf, scopedKey, type KeyedRequest } from './idempotency.ts';
import { boundAnswer, openedQuery } from './list-cursors.ts';
import { checkedKey, parsePart } from './parse.ts';

/** The parts of a request, not parsed. */
export interface Asked {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly idempotencyKey?: string | null;
}

/** Of the request on whose behalf it is done. */
type From = Pick<Call, 'signal' | 'request' | 'response'> & { readonly caller: Caller };

type Handler = (call: Call) => Promise<unknown>;

export class OperationCalls {
  readonly #discovery: DiscoveryService;
  #handlers: Map<string, Handler> | null = null;

  constructor(discovery: DiscoveryService) {
    this.#discovery = discovery;
  }

  /** The answer of an operation that answers with JSON or nothing, or its refusal. @throws RefusedError where a part is not as declared */
  async call(endpoint: Endpoint, asked: Asked, from: From): Promise<unknown> {
    if (!mayCall(from.caller, endpoint)) return permissionDenied(from.caller, endpoint.permission);
    this.#handlers ??= this.#found();
    const handler = this.#handlers.get(endpoint.id);
    if (handler === undefined) throw new Error(`nobody handles ${endpoint.id}`);
    const params = endpoint.params && parsePart('path', endpoint.params, asked.params);
    const query = endpoint.query && parsePart('query', endpoint.query, asked.query);
    const body = endpoint.body && parsePart('body', endpoint.body, asked.body);
    const path = pathOf(endpoint, params);
    const key =
      endpoint.method === 'POST' && asked.idempotencyKey ? checkedKey(asked.idempotencyKey, 'idempotencyKey') : null;
    const keyed = key === null ? null : { endpoint, caller: from.caller, path, parsed: { query, body }, key };
    const opened = openedQuery(endpoint, query);
    const call = {
      ...from,
      params,
      query: opened,
      body,
      unchanged: undefined,
      idempotencyKey: keyed && scopedKey(keyed),
    } as unknown as Call;
    const work = async () => boundAnswer(endpoint, query, await handler(call));
    // The request itself has its place; submits are counted apart.
    const leave = endpoint.load === undefined ? null : enterLoad(endpoint, from.request);
    try {
      return keyed ? await this.#once(keyed, work, from) : shown(endpoint, await work());
    } finally {
      leave?.();
    }
  }

  async #once(keyed: KeyedRequest, work: () => Promise<unknown>, { request }: From): Promise<unknown> {
    const { endpoint } = keyed;
    const idempotency = endpoint.idempotency === 'own' ? undefined : idempotencyOf(request.app);
    if (!idempotency) return shown(endpoint, await work());
    const answer = await idempotency.once(keyed, async () => {
      const result = await work();
      return isRefusal(result) ? result : answered(endpoint, result);
    });
    if (isRefusal(answer)) return answer;
    return answer.body === null ? null : (JSON.parse(answer.body) as unknown);
  }

  #found(): Map<string, Handler> {
    const handlers = new Map<string, Handler>();
    for (const { instance } of this.#discovery.getControllers()) {
      const controller = instance as object;
      const prototype = Object.getPrototypeOf(controller) as Record<string, object>;
      for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
        const bound = handlerOf(prototype[name]!);
        if (bound) handlers.set(bound.endpoint.id, (call) => bound.handler.call(controller, call));
      }
    }
    return handlers;
  }
}

function shown({ answer }: Endpoint, result: unknown): unknown {
  return isRefusal(result) || typeof answer === 'string' ? result : answer.json.parse(result);
}

/** Where REST has the operation, so that a key means the same there. */
function pathOf({ path }: Endpoint, params: unknown): string {
  const given = (params ?? {}) as Record<string, unknown>;
  return `${API_PREFIX}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(given[name])))}`;
}
