/**
 * An endpoint declares one REST operation once: the server's decorator routes and parses by it, the OpenAPI document
 * is generated from it, the client is typed by it. `ENDPOINTS` in `operations.ts` is the table of all of them.
 */
import type { z } from 'zod';
import type { ListShape } from './page.ts';
import type { Permission } from './permissions.ts';

/** How the answer is sent: parsed JSON, a stream of bytes, server-sent events, or nothing (204). */
export type Answer = { json: z.ZodType } | 'bytes' | 'events' | 'nothing';

/** One REST operation under `/api/v1`. */
export interface Endpoint {
  /** Stable name, `noun.verb`; OpenAPI's operationId. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path under `/api/v1`, parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly permission: Permission;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** An update that takes `If-Match`: the id of the operation that shows the thing, whose ETag it is. */
  readonly ifMatch?: string;
  /** Of an operation that shows one thing: members that change by themselves, which its ETag leaves out. */
  readonly passing?: readonly string[];
  /** It lists: made by `paged`. */
  readonly list?: ListShape;
  readonly body?: z.ZodType;
  /** The largest body, bytes; 1 MiB when absent. */
  readonly bodyBytes?: number;
  /** Submits have a bound of their own on how much is under way at once. */
  readonly load?: 'submits';
  /** It takes the `Idempotency-Key` in the transaction of its own effect; around other POSTs the edge does. */
  readonly idempotency?: 'own';
  /** Media types of the body besides `application/json`, received as text. */
  readonly textBodies?: readonly string[];
  readonly answer: Answer;
  /** Of an answer of bytes that is made: its media types. A file that is kept is of any, and is sent in ranges too. */
  readonly mediaTypes?: readonly string[];
  /** Of an answer of bytes: it may be sent to where they are. */
  readonly redirects?: boolean;
  /** Success status; 200 when absent (204 for `nothing`). */
  readonly status?: 201;
  /** Problem codes a caller should be ready for, besides the common ones. */
  readonly problems?: readonly string[];
}

/** Declares an endpoint, keeping its exact schema types. */
export function endpoint<const E extends Endpoint>(declaration: E): E {
  return declaration;
}

/** Whether the operation shows one thing: such an answer has an ETag. The only one of its kind has no parameters. */
export function showsOne({ method, answer, list, params, passing }: Endpoint): boolean {
  const isOfOne = params !== undefined || passing !== undefined;
  return method === 'GET' && typeof answer === 'object' && list === undefined && isOfOne;
}
