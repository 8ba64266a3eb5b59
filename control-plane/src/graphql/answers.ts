/**
 * What becomes of errors: refusals and faults keep their stable code (`extensions.code`), as in REST; what the caller wrote
 * wrong says so; anything else says the request's id and nothing more, and the log has the rest.
 */
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { Fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Refusal } from '../platform/refusal.ts';
import { outcomeOf } from '../platform/http/problem.ts';

/** Errors in one answer; the others are left out. */
export const ERRORS_SHOWN = 20;

/** A refusal as an error of GraphQL. */
export function errorOf(
  refusal: Refusal,
  more: Pick<GraphQLFormattedError, 'path' | 'locations'> = {},
): GraphQLFormattedError {
  const { code, detail, fix, problems, retryAfterSeconds } = refusal;
  return {
    message: refusal.title,
    ...(more.locations ? { locations: more.locations } : {}),
    ...(more.path ? { path: more.path } : {}),
    extensions: {
      code,
      ...(detail === undefined ? {} : { detail }),
      ...(fix === undefined ? {} : { fix }),
      ...(problems === undefined ? {} : { problems: problems.slice(0, 50) }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  };
}

/** An error of parsing, validating or carrying out. */
export function shownError(error: GraphQLError, log: Log, requestId: string): GraphQLFormattedError {
  const { message, locations, path } = error;
  const where = { ...(path ? { path } : {}), ...(locations ? { locations } : {}) };
  if (isCallers(error)) return { message, ...where, extensions: { code: 'GRAPHQL_INVALID' } };
  const cause = error.originalError ?? error;
  const { refusal, status } = outcomeOf(cause);
  if (status >= 500)
    log.error('a field of GraphQL failed', { request: requestId, path: path?.join('.'), error: cause });
  if (status < 500 || cause instanceof Fault) return errorOf(refusal, where);
  return errorOf({ ...refusal, detail: `The request is ${requestId}.` }, where);
}

/** What the document or its variables are wrong in: found before anything is carried out, or in a field's arguments. */
function isCallers({ path, originalError }: GraphQLError): boolean {
  if (originalError === undefined) return path === undefined;
  return originalError instanceof GraphQLError && (path === undefined || originalError.nodes !== undefined);
}
