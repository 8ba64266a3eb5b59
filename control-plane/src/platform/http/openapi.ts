/** The OpenAPI 3.1 document, generated from the endpoint table: the same declarations that the server parses by. */
import { allows, API_PREFIX, BODY_EXAMPLES, ENDPOINTS, Role, type Endpoint, showsOne } from '@casare/shared/api';
import { z } from 'zod';
import { createDocument, type ZodOpenApiObject, type ZodOpenApiOperationObject } from 'zod-openapi';
import { isKeptFile, problemsOf } from './openapi-problems.ts';
import { tagsOf } from './openapi-tags.ts';
import { saysTag } from './tagged-operations.ts';

const IdempotencyKey = z
  .string()
  .max(200)
  .optional()
  .meta({ description: 'The same key with the same request is answered with the same result.' });

const IfMatch = z
  .string()
  .max(1_000)
  .optional()
  .meta({ description: 'The ETag of the thing as it was seen: the update is refused when it has changed.' });

/** Of an answer that shows one thing, or what an update has left of it (ADR 0050). */
const TAGGED = z.object({
  ETag: z
    .string()
    .meta({ description: 'For `If-Match` of an update, and for `If-None-Match` where 304 is an answer.' }),
});

/** The document as plain JSON; the same on every call. */
export function openApiDocument(): object {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Casare control plane',
      version: '1',
      description:
        'Errors are problem documents (RFC 9457) with a stable `code`. Lists are paged by `limit` and `cursor`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: API_PREFIX }],
    security: [{ apiKey: [] }, { session: [] }],
    tags: tagsOf(ENDPOINTS),
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, `csk_…`.' },
        session: {
          ...{ type: 'apiKey', in: 'cookie', name: 'casare_session' },
          description: 'Of the console. Over TLS its name is `__Host-casare_session`.',
        },
      },
    },
    paths: pathsOf(ENDPOINTS),
  });
}

function pathsOf(endpoints: readonly Endpoint[]): NonNullable<ZodOpenApiObject['paths']> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const endpoint of endpoints) {
    (paths[endpoint.path] ??= {})[endpoint.method.toLowerCase()] = operationOf(endpoint);
  }
  return paths;
}

function operationOf(endpoint: Endpoint): ZodOpenApiOperationObject {
  const parameters = {
    ...(endpoint.params === undefined ? {} : { path: endpoint.params }),
    ...(endpoint.query === undefined ? {} : { query: endpoint.query }),
    ...headersOf(endpoint),
  };
  return {
    operationId: endpoint.id,
    summary: endpoint.summary,
    ...(endpoint.problems === undefined
      ? {}
      : { description: `Among its problem codes: ${endpoint.problems.join(', ')}.` }),
    tags: [endpoint.id.split('.')[0]!],
    ...(endpoint.permission === 'public' ? { security: [] } : {}),
    'x-permission': endpoint.permission,
    'x-roles': Role.options.filter((role) => allows({ role, scopes: null }, endpoint.permission)),
    requestParams: parameters,
    ...(endpoint.body === undefined ? {} : { requestBody: { required: true, content: bodyContent(endpoint) } }),
    responses: {
      [endpoint.answer === 'nothing' ? '204' : String(endpoint.status ?? 200)]: successOf(endpoint),
      ...(isKeptFile(endpoint) ? PARTS : {}),
      ...(endpoint.redirects ? { 302: ELSEWHERE } : {}),
      ...(showsOne(endpoint) && endpoint.passing === undefined ? { 304: PARTS[304] } : {}),
      ...problemsOf(endpoint),
    },
  };
}

function headersOf(endpoint: Endpoint): { header?: z.ZodObject } {
  const headers = {
    ...(endpoint.method === 'POST' ? { 'Idempotency-Key': IdempotencyKey } : {}),
    ...(endpoint.ifMatch === undefined ? {} : { 'If-Match': IfMatch }),
  };
  return Object.keys(headers).length === 0 ? {} : { header: z.object(headers) };
}

/** Files are sent in part, and not again, to who asks so (RFC 9110). */
const PARTS = {
  206: { description: 'The part of the bytes that `Range` asked for.', content: { '*/*': {} } },
  304: { description: 'What `If-None-Match` named is still so.' },
};

const ELSEWHERE = {
  description: 'The bytes are fetched from the address in `Location`, which is good for a minute: a bucket.',
  headers: { Location: { schema: { type: 'string' as const, format: 'uri' } } },
};

function bodyContent(endpoint: Endpoint) {
  const text = Object.fromEntries((endpoint.textBodies ?? []).map((type) => [type, { schema: z.string() }]));
  return { 'application/json': { schema: endpoint.body!, example: BODY_EXAMPLES[endpoint.id] }, ...text };
}

function successOf(endpoint: Endpoint) {
  const { answer, mediaTypes = ['*/*'] } = endpoint;
  if (answer === 'nothing') return { description: 'Done.' };
  if (answer === 'bytes') {
    return { description: 'The bytes.', content: Object.fromEntries(mediaTypes.map((type) => [type, {}])) };
  }
  if (answer === 'events') return { description: 'Server-sent events.', content: { 'text/event-stream': {} } };
  const content = { 'application/json': { schema: answer.json } };
  return { description: 'The answer.', ...(saysTag(endpoint) ? { headers: TAGGED } : {}), content };
}
