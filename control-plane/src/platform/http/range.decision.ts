/**
 * What of a stored file is sent: all of it, one range, or only word that nothing changed (RFC 9110, sections 13 and 14).
 * Pure. The file's strong ETag is its SHA-256, so what has the same tag is the same byte for byte.
 *
 * Of several ranges at once none is sent, but the whole, as section 14.2 leaves to the server: an answer in parts is what
 * attackers ask for a thousand of, and nobody who downloads a file.
 */

/** Both ends are sent; from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The headers that say what is wanted. */
export interface Asked {
  readonly method: string;
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** 304: the asker has it already. 412: it is not the one that was meant. 416: the range begins behind its end. */
export type Sent =
  | { readonly status: 200; readonly range: null }
  | { readonly status: 206; readonly range: ByteRange }
  | { readonly status: 304 | 412 | 416 };

const WHOLE: Sent = { status: 200, range: null };
/** Longer lists than this are no list of tags that we gave. */
const TAGS_CHARACTERS = 8_192;

/** `etag` with its quotes; `bytes` of the whole file. */
export function sentOf(asked: Asked, file: { readonly etag: string; readonly bytes: number }): Sent {
  if (asked.ifMatch !== undefined && !names(asked.ifMatch, file.etag, false)) return { status: 412 };
  if (asked.ifNoneMatch !== undefined && names(asked.ifNoneMatch, file.etag, true)) return { status: 304 };
  // Section 14.2: a range is defined for GET alone. Section 13.1.5: of another file than the asker's, all is sent.
  if (asked.method !== 'GET' || asked.range === undefined) return WHOLE;
  if (asked.ifRange !== undefined && asked.ifRange.trim() !== file.etag) return WHOLE;
  const found = readRange(asked.range, file.bytes);
  if (found === 'unreadable') return WHOLE;
  return found === 'outside' ? { status: 416 } : { status: 206, range: found };
}

function readRange(text: string, bytes: number): ByteRange | 'unreadable' | 'outside' {
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(text) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'unreadable';
  if (first === '') {
    const suffix = Math.min(Number(last), bytes);
    return suffix === 0 ? 'outside' : { start: bytes - suffix, end: bytes - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'unreadable';
  if (start >= bytes) return 'outside';
  return { start, end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) };
}

/** Whether a list of tags names this one. Weak tags compare equal where nothing is pieced together (section 8.8.3.2). */
function names(list: string, etag: string, weakly: boolean): boolean {
  if (list.trim() === '*') return true;
  if (list.length > TAGS_CHARACTERS) return false;
  return list.split(',').some((one) => one.trim() === etag || (weakly && one.trim() === `W/${etag}`));
}
