/**
 * Tags of things (RFC 9110, ADR 0050): a GET of one thing answers with the hash of what it shows, and an update that comes with
 * `If-Match` is done only while that is still so. Members that pass by themselves (when somebody last signed in) are left
 * out of the tag where the declaration says so, or every edit would come too late; such a GET never answers 304.
 *
 * Invariant: a service judges `Call.unchanged` behind the lock, or before a write that fails when the thing has changed, so
 * that of two updates with one tag one is done.
 */
import type { Endpoint } from '@casare/shared/api';
import type { Request, Response } from 'express';
import { createHash } from 'node:crypto';
import { refuse, type Refusal } from '../refusal.ts';
import { RefusedError } from './problem.ts';
import { leavesShown, shownBy } from './tagged-operations.ts';

/** The refusal of an update whose caller has not seen the thing as it is `now` (null: there is none); null when they have. */
export type Unchanged = (now: object | null) => Refusal | null;

/** A strong tag, with its quotes, of what `get` answers. */
function tagOf(get: Endpoint, thing: object): string {
  const shown = typeof get.answer === 'object' ? (get.answer.json.parse(thing) as Record<string, unknown>) : {};
  const said = Object.fromEntries(Object.entries(shown).filter(([name]) => get.passing?.includes(name) !== true));
  return `"${createHash('sha256').update(canonical(said)).digest('base64url').slice(0, 32)}"`;
}

/** Says the tag of what is sent; true when the caller has it already and nothing is to be sent. */
export function tagged(endpoint: Endpoint, request: Request, response: Response, thing: object): boolean {
  const tag = tagOf(endpoint, thing);
  response.setHeader('ETag', tag);
  const known = request.get('if-none-match');
  if (known === undefined || endpoint.passing !== undefined) return false;
  return known.trim() === '*' || listed(known).some((one) => one === tag || one === `W/${tag}`);
}

/** Says the tag of what an update has left, so that its caller can go on from there. */
export function tagUpdate(endpoint: Endpoint, response: Response, left: () => unknown): void {
  const get = leavesShown(endpoint);
  if (get !== undefined) response.setHeader('ETag', tagOf(get, left() as object));
}

/** Of the header `If-Match` of an update; `undefined` without one. @throws RefusedError IF_MATCH_NOT_TAKEN where nobody would look at it */
export function unchangedOf(endpoint: Endpoint, request: Request): Unchanged | undefined {
  const wanted = request.get('if-match');
  if (wanted === undefined || endpoint.method === 'GET') return undefined;
  const get = shownBy(endpoint);
  if (get === undefined) throw new RefusedError(notTaken());
  const tags = listed(wanted);
  const isThere = tags.includes('*');
  return (now) => (now !== null && (isThere || tags.includes(tagOf(get, now))) ? null : changed());
}

function listed(header: string): string[] {
  return header.split(',').map((one) => one.trim());
}

/** The same text for the same value, whatever the order of its members. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
    .join()}}`;
}

function changed(): Refusal {
  return refuse('stale', 'PRECONDITION_FAILED', 'This was changed after you looked at it.', {
    detail: 'Its ETag is not the one in If-Match; nothing was done.',
    fix: 'Get it again, look at what is different, and send the change with the new ETag.',
  });
}

function notTaken(): Refusal {
  return refuse('invalid', 'IF_MATCH_NOT_TAKEN', 'This operation does not take If-Match.', {
    detail: 'It would be done whatever has changed, which is not what the header asks for.',
    fix: 'Leave the header out. /api/openapi.json says which operations take it.',
  });
}
