/**
 * Bodies by their content type: what a document gives becomes bytes, and the bytes of an answer become data.
 *
 * JSON (also `+json`) is data, forms are objects of texts, other textual types are texts, and what is left is base64.
 */
import type { Json } from '@casare/shared/workflow';
import { invalid } from './failures.ts';

/** How deep data from outside may be nested: what comes after it goes into it member by member. */
const DEPTH = 150;
const FORM = 'application/x-www-form-urlencoded';
const TEXTUAL = /^(?:text\/|application\/(?:xml|yaml|x-yaml|javascript|x-ndjson|sql)$|[^/]+\/[^/]+\+(?:xml|yaml)$)/;
const JSON_TYPE = /^(?:application|text)\/(?:json|[^;]+\+json)$/;

/** A body with the content type that it has unless the document says another. */
export interface Encoded {
  readonly bytes: Buffer;
  readonly contentType: string;
}

/**
 * The bytes of a body. A text goes as it is; anything else by the content type, JSON where there is none.
 * @throws StepFailure HTTP_BODY_INVALID
 */
export function encodeBody(body: Json, contentType: string | undefined): Encoded {
  const type = mediaTypeOf(contentType);
  if (typeof body === 'string') {
    return { bytes: Buffer.from(body, 'utf8'), contentType: contentType ?? 'text/plain; charset=utf-8' };
  }
  if (type === '' || JSON_TYPE.test(type)) {
    return { bytes: Buffer.from(JSON.stringify(body), 'utf8'), contentType: contentType ?? 'application/json' };
  }
  if (type === FORM && isRecord(body)) {
    const form = new URLSearchParams(pairsOf(body));
    return { bytes: Buffer.from(form.toString(), 'utf8'), contentType: contentType ?? FORM };
  }
  throw invalid(
    'HTTP_BODY_INVALID',
    'The body cannot be sent as this content type',
    `${type}: give a text, or use application/json, or ${FORM} with an object.`,
  );
}

/** Members as the pairs of a form or a query: lists repeat their name, null is left out. */
export function pairsOf(values: Readonly<Record<string, Json>>): [string, string][] {
  return Object.entries(values).flatMap(([name, value]) => {
    const all = Array.isArray(value) ? (value as readonly Json[]) : [value];
    return all.flatMap((one): [string, string][] => (one === null ? [] : [[name, textOf(one)]]));
  });
}

/** A value as a text of a form, query, path or header. */
export function textOf(value: Json): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/**
 * The data of an answer's content; an empty one is null.
 * @returns a text that says what is wrong where the content is not what it says it is
 */
export function decodeContent(
  body: Buffer,
  contentType: string | undefined,
): { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly why: string } {
  if (body.length === 0) return { ok: true, value: null };
  const type = mediaTypeOf(contentType);
  if (JSON_TYPE.test(type)) return parseJson(textIn(body, contentType));
  if (type === FORM) return { ok: true, value: formOf(textIn(body, contentType)) };
  if (TEXTUAL.test(type)) return { ok: true, value: textIn(body, contentType) };
  return { ok: true, value: body.toString('base64') };
}

/** The beginning of a content that people can read, on one line; empty for any other. */
export function excerptOf(body: Buffer, contentType: string | undefined, length: number): string {
  const type = mediaTypeOf(contentType);
  if (!JSON_TYPE.test(type) && !TEXTUAL.test(type)) return '';
  const text = textIn(body.subarray(0, length * 4), contentType)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** Parses JSON of any origin: its depth is looked at before anything goes into it. */
export function parseJson(
  text: string,
): { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly why: string } {
  if (isDeeperThan(text, DEPTH)) return { ok: false, why: `the JSON is nested deeper than ${DEPTH} levels` };
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    // Node quotes the text; where it is wrong says enough.
    const at = /position \d+/.exec((error as Error).message)?.[0];
    return { ok: false, why: `the content is not JSON${at === undefined ? '' : ` (at ${at})`}` };
  }
}

/** Counts brackets outside of texts: more than enough, and never recursive. */
function isDeeperThan(text: string, levels: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (isText) {
      if (character === 0x5c) at += 1;
      else if (character === 0x22) isText = false;
    } else if (character === 0x22) isText = true;
    else if (character === 0x5b || character === 0x7b) {
      depth += 1;
      if (depth > levels) return true;
    } else if (character === 0x5d || character === 0x7d) depth -= 1;
  }
  return false;
}

function textIn(body: Buffer, contentType: string | undefined): string {
  const charset = /;\s*charset="?([\w-]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString('utf8');
  }
}

function formOf(text: string): Json {
  const values = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(values);
}

function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function isRecord(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
