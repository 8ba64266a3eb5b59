/** What each operation may refuse with, by status, for the OpenAPI document: what the edge answers with, not what a service may think of. */
import { Problem, type Endpoint } from '@casare/shared/api';
import type { ZodOpenApiResponseObject } from 'zod-openapi';

const content = { 'application/problem+json': { schema: Problem } };
const retryAfter = {
  'Retry-After': {
    schema: { type: 'integer', minimum: 0 } as const,
    description: 'Seconds to wait before another try.',
  },
};
const challenge = { 'WWW-Authenticate': { schema: { type: 'string' } as const, description: 'How to authenticate.' } };

/** By status: what it means in every operation. */
const PROBLEMS = {
  400: { id: 'Invalid', description: 'The request is not as this document describes it.', content },
  401: {
    id: 'Unauthenticated',
    description: 'Nobody is signed in, or what was sent is wrong.',
    headers: challenge,
    content,
  },
  403: { id: 'Denied', description: 'The caller may not do this.', content },
  404: { id: 'NotFound', description: 'There is no such thing in the tenant of the caller.', content },
  409: { id: 'Conflict', description: 'The state of the thing does not allow it.', content },
  412: { id: 'PreconditionFailed', description: 'The thing is not as `If-Match` says.', content },
  413: { id: 'TooLarge', description: 'The body is larger than this operation takes.', content },
  415: { id: 'MediaTypeUnsupported', description: 'The body is of a type that this operation does not take.', content },
  416: { id: 'RangeNotSatisfiable', description: 'The range begins behind the end of the file.', content },
  422: { id: 'Unprocessable', description: 'The request is well formed, and what it says cannot be done.', content },
  429: { id: 'Busy', description: 'Too much at once; asked again later it is done.', headers: retryAfter, content },
  431: { id: 'HeadTooLarge', description: 'Address and headers are larger than 16 KiB.', content },
  502: { id: 'BadGateway', description: 'A server that had to be asked cannot be used.', content },
  503: {
    id: 'Unavailable',
    description: 'The control plane or its database is busy or starting.',
    headers: retryAfter,
    content,
  },
  504: { id: 'GatewayTimeout', description: 'A server that had to be asked did not answer in time.', content },
} as const satisfies Readonly<Record<number, ZodOpenApiResponseObject>>;

/** Whether it sends a file that is kept, in part where that is asked for. */
export function isKeptFile({ answer, mediaTypes }: Endpoint): boolean {
  return answer === 'bytes' && mediaTypes === undefined;
}

/** The refusals of an operation, by status. */
export function problemsOf(endpoint: Endpoint): Record<string, ZodOpenApiResponseObject> {
  const takesBody = endpoint.body !== undefined;
  const sendsBytes = isKeptFile(endpoint);
  const changes = endpoint.method !== 'GET';
  const callsOut = endpoint.problems?.some((code) => code.startsWith('OUTBOUND_')) === true;
  const statuses = Object.entries({
    400: true,
    401: true,
    403: true,
    404: true,
    409: changes,
    412: sendsBytes || endpoint.ifMatch !== undefined,
    413: takesBody,
    415: takesBody,
    416: sendsBytes,
    422: changes,
    429: true,
    // A head of more than 16 KiB, which the listener refuses before anybody reads it.
    431: true,
    502: callsOut,
    503: true,
    504: callsOut,
  }).filter(([, may]) => may);
  return Object.fromEntries(statuses.map(([status]) => [status, PROBLEMS[Number(status) as keyof typeof PROBLEMS]]));
}
