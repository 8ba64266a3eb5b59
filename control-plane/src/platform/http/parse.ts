/** Parses the parts of a request by an endpoint's declaration; anything else is a problem 400 that names each fault. */
import type { Endpoint, ProblemDetail } from '@casare/shared/api';
import type { Request } from 'express';
import type { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '../refusal.ts';
import { BODY_BYTES, parseJson, readText, textFault } from './body.ts';
import { RefusedError } from './problem.ts';

const PROBLEMS_SHOWN = 50;

/** What was parsed; parts that the endpoint does not declare are undefined and were not read. */
export interface ParsedRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly idempotencyKey: string | null;
}

/** @throws RefusedError REQUEST_INVALID, BODY_TOO_LARGE or MEDIA_TYPE_UNSUPPORTED. */
export async function parseRequest(endpoint: Endpoint, request: Request): Promise<ParsedRequest> {
  const params = endpoint.params && parsePart('path', endpoint.params, texts('path', Object.entries(request.params)));
  const query = endpoint.query && parsePart('query', endpoint.query, texts('query', queryOf(request)));
  const idempotencyKey = idempotencyKeyOf(request);
  const body = endpoint.body && parsePart('body', endpoint.body, await bodyOf(endpoint, request));
  return { params, query, body, idempotencyKey };
}

/** @throws RefusedError REQUEST_INVALID, with each fault */
export function parsePart(name: string, schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.flatMap((issue) => problemsOf(name, issue)));
}

/** A union's own issue says nothing: the nearest member's issues do. */
function problemsOf(name: string, issue: z.core.$ZodIssue): ProblemDetail[] {
  const path = [name, ...issue.path].join('/');
  if (issue.code !== 'invalid_union') return [{ path, message: issue.message }];
  const nearest = issue.errors.toSorted((a, b) => a.length - b.length)[0] ?? [];
  if (nearest.length === 0) return [{ path, message: issue.message }];
  return nearest.flatMap((inner) => problemsOf(path, inner));
}

function texts(name: string, entries: Iterable<[string, unknown]>): Record<string, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, value] of entries) {
    const fault = key in values ? 'is given twice' : typeof value !== 'string' ? 'is not one text' : textFault(value);
    if (fault !== null) throw invalid([{ path: `${name}/${key}`, message: fault }]);
    values[key] = value as string;
  }
  return values;
}

function queryOf(request: Request): Iterable<[string, string]> {
  const start = request.originalUrl.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : request.originalUrl.slice(start + 1));
}

function idempotencyKeyOf(request: Request): string | null {
  const key = request.get('idempotency-key');
  return key === undefined ? null : checkedKey(key, 'header/Idempotency-Key');
}

/** @throws RefusedError REQUEST_INVALID */
export function checkedKey(key: string, path: string): string {
  if (/^[\x20-\x7e]{1,200}$/.test(key)) return key;
  throw invalid([{ path, message: 'must be 1 to 200 printable ASCII characters' }]);
}

async function bodyOf(endpoint: Endpoint, request: Request): Promise<unknown> {
  const type = (request.get('content-type') ?? 'application/json').split(';')[0]!.trim().toLowerCase();
  const isText = endpoint.textBodies?.includes(type) === true;
  if (!isText && type !== 'application/json' && !type.endsWith('+json')) {
    throw new RefusedError(unsupported(endpoint, type), 415);
  }
  const text = await readText(request, endpoint.bodyBytes ?? BODY_BYTES);
  if (isRefusal(text)) throw new RefusedError(text, text.code === 'BODY_TOO_LARGE' ? 413 : 400);
  if (isText) {
    const fault = textFault(text);
    if (fault !== null) throw invalid([{ path: 'body', message: fault }]);
    return text;
  }
  if (text.trim() === '') return undefined;
  const json = parseJson(text);
  if (isRefusal(json)) throw new RefusedError(json);
  return json.value;
}

function unsupported(endpoint: Endpoint, type: string): Refusal {
  const known = ['application/json', ...(endpoint.textBodies ?? [])].join(', ');
  return refuse('invalid', 'MEDIA_TYPE_UNSUPPORTED', `A body of type ${type.slice(0, 100)} is not accepted here.`, {
    fix: `Send one of: ${known}.`,
  });
}

function invalid(problems: ProblemDetail[]): RefusedError {
  const shown = problems.slice(0, PROBLEMS_SHOWN);
  return new RefusedError(
    refuse('invalid', 'REQUEST_INVALID', 'The request is not as the API describes it.', {
      detail: shown
        .map(({ path, message }) => `${path}: ${message}`)
        .join('; ')
        .slice(0, 1_000),
      fix: 'See /api/openapi.json for what this operation takes.',
      problems: shown,
    }),
  );
}
