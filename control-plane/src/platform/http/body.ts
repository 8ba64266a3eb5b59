/**
 * Reads a request body within bounds. JSON is checked before anything walks it: bytes, UTF-8, nesting, and keys and
 * characters that would mean something to JavaScript or that PostgreSQL cannot store.
 */
import type { IncomingMessage } from 'node:http';
import { refuse, type Refusal } from '../refusal.ts';

/** The largest body, bytes, where the endpoint does not say otherwise. */
export const BODY_BYTES = 1_048_576;
/** How deep objects and lists may nest. */
export const JSON_DEPTH = 64;

/** The body's bytes as text, or why it is refused. At most `limit` bytes are ever held. */
export async function readText(request: IncomingMessage, limit: number): Promise<string | Refusal> {
  const tooLarge = () =>
    refuse('invalid', 'BODY_TOO_LARGE', `The body is larger than ${limit} bytes.`, { fix: 'Send less at once.' });
  if (Number(request.headers['content-length'] ?? 0) > limit) return tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limit) return tooLarge();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    return invalid('The body is not UTF-8 text.');
  }
}

/** The JSON value of `text`, or why it is refused. */
export function parseJson(text: string): { value: unknown } | Refusal {
  if (isDeeperThan(text, JSON_DEPTH)) return invalid(`The body nests deeper than ${JSON_DEPTH} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return invalid('The body is not JSON.', (error as Error).message);
  }
  const fault = faultIn(value, '');
  return fault === null ? { value } : invalid('The body holds something that is not accepted.', fault);
}

/** Why a text from outside cannot be accepted, or null: PostgreSQL stores neither NUL nor half a surrogate pair. */
export function textFault(text: string): string | null {
  if (text.includes('\0')) return 'contains a NUL character';
  return text.isWellFormed() ? null : 'contains half of a surrogate pair';
}

/** The same of everything in a JSON value, keys that JavaScript would obey and nesting included. */
export function jsonFault(value: unknown): string | null {
  return depthOf(value) > JSON_DEPTH ? `nests deeper than ${JSON_DEPTH} levels` : faultIn(value, '');
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const member of Object.values(value)) deepest = Math.max(deepest, depthOf(member));
  return 1 + deepest;
}

/** Counts brackets outside strings, so that a depth bomb is refused before it is built. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

function faultIn(value: unknown, path: string): string | null {
  if (typeof value === 'string') return faultAt(path, textFault(value));
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, member] of Object.entries(value)) {
    const fault =
      key === '__proto__' || (key === 'constructor' && typeof member === 'object')
        ? faultAt(path, `has the key ${key}`)
        : (faultAt(path, textFault(key)) ?? faultIn(member, `${path}/${key}`));
    if (fault !== null) return fault;
  }
  return null;
}

function faultAt(path: string, fault: string | null): string | null {
  return fault === null ? null : `${path.slice(0, 200) || 'The body'} ${fault}.`;
}

function invalid(title: string, detail?: string): Refusal {
  return refuse('invalid', 'REQUEST_INVALID', title, detail === undefined ? {} : { detail });
}
