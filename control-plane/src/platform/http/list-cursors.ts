/**
 * Cursors of lists as they are on the wire. What a service gives says where to go on; before it stands a digest of the
 * list, its order and its filters, so that a cursor that comes with other ones is refused instead of skipping what the
 * caller never saw. It is no secret and protects nothing: the tenant comes from the caller, always.
 */
import type { Endpoint } from '@casare/shared/api';
import { createHash } from 'node:crypto';
import { badCursor, isRefusal, refuse } from '../refusal.ts';
import { RefusedError } from './problem.ts';

type Query = Readonly<Record<string, unknown>>;

/** Characters of the digest: 72 bits. */
const BOUND = 12;

/** The query as the service takes it. @throws RefusedError CURSOR_INVALID */
export function openedQuery(endpoint: Endpoint, query: unknown): unknown {
  const asked = query as Query | undefined;
  const cursor = asked?.['cursor'];
  if (endpoint.list === undefined || typeof cursor !== 'string') return query;
  if (!/^[\w-]{12}./.test(cursor)) throw new RefusedError(badCursor());
  if (cursor.slice(0, BOUND) !== boundOf(endpoint, asked!)) throw new RefusedError(ofAnother());
  return { ...asked, cursor: cursor.slice(BOUND) };
}

/** The answer of a list as callers get it. */
export function boundAnswer(endpoint: Endpoint, query: unknown, answer: unknown): unknown {
  if (endpoint.list === undefined || isRefusal(answer)) return answer;
  const page = answer as { readonly nextCursor: string | null };
  if (page.nextCursor === null) return page;
  return { ...page, nextCursor: `${boundOf(endpoint, query as Query)}${page.nextCursor}` };
}

/**
 * The `Link` header (RFC 8288) of a page that has a next one: the same request with that cursor. `url` is the path and
 * query that was asked for.
 */
export function nextLink(url: string, answer: unknown): string | null {
  const cursor = (answer as { readonly nextCursor?: unknown } | null)?.nextCursor;
  if (typeof cursor !== 'string') return null;
  const start = url.indexOf('?');
  const query = new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  query.set('cursor', cursor);
  return `<${start < 0 ? url : url.slice(0, start)}?${query.toString()}>; rel="next"`;
}

function boundOf({ id, list }: Endpoint, query: Query): string {
  const said = ['sort', ...list!.filters].map((name) => [name, query[name] ?? null]);
  return createHash('sha256')
    .update(JSON.stringify([id, said]))
    .digest('base64url')
    .slice(0, BOUND);
}

function ofAnother() {
  return refuse(
    'invalid',
    'CURSOR_INVALID',
    'The cursor belongs to another list, or to another order or filter of it.',
    {
      fix: 'Send it with the same sort and filters as the request that gave it, or start without a cursor.',
    },
  );
}
