/**
 * Errors become problem documents (RFC 9457) here and nowhere else: a service's `Refusal`, a thrown `Fault`, what
 * Nest and Express raise, and anything unexpected.
 *
 * Invariant: an unexpected error tells the client its request id and nothing else; the log has the rest.
 */
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Problem } from '@casare/shared/api';
import type { Request, Response } from 'express';
import { Fault } from '../errors.ts';
import type { Log } from '../log.ts';
import { refuse, type Refusal, type RefusalKind } from '../refusal.ts';
import { requestIdOf } from './request-state.ts';

const STATUS: Readonly<Record<RefusalKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  denied: 403,
  not_found: 404,
  conflict: 409,
  stale: 412,
  unprocessable: 422,
  busy: 429,
};

/** A refusal of the edge itself, on its way to the filter. Services return theirs instead. */
export class RefusedError extends Error {
  readonly refusal: Refusal;
  readonly status: number;
  constructor(refusal: Refusal, status = STATUS[refusal.refused]) {
    super(refusal.title);
    this.refusal = refusal;
    this.status = status;
  }
}

/** A refusal as a problem document; `instance` says which request it answers. */
export function problemOf(refusal: Refusal, instance?: string, status = STATUS[refusal.refused]): Problem {
  return {
    type: `urn:casare:problem:${refusal.code.toLowerCase().replaceAll('_', '-')}`,
    title: refusal.title,
    status,
    code: refusal.code,
    ...(instance === undefined ? {} : { instance }),
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    ...(refusal.fix === undefined ? {} : { fix: refusal.fix }),
    ...(refusal.problems === undefined ? {} : { problems: refusal.problems.slice(0, 50) }),
  };
}

/** Sends a refusal as a problem document. */
export function sendRefusal(response: Response, refusal: Refusal, status = STATUS[refusal.refused]): void {
  if (refusal.refused === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer realm="casare"');
  if (refusal.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(refusal.retryAfterSeconds));
  // What was not read of the request would be taken for the next one.
  if (status === 413) response.setHeader('Connection', 'close');
  const problem = problemOf(refusal, `urn:casare:request:${requestIdOf(response.req)}`, status);
  response.status(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Answers for every error that leaves a handler, a guard or a middleware. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Log;
  constructor(log: Log) {
    this.#log = log;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  /** Also used as Express's error handler, for what happens before a route is found. */
  answer(error: unknown, request: Request, response: Response): void {
    const { refusal, status } = outcomeOf(error, () => routeNotFound(request));
    if (status >= 500) {
      this.#log.error('request failed', { request: requestIdOf(request), path: request.path, error });
    }
    if (response.headersSent) response.destroy();
    else sendRefusal(response, refusal, status);
  }
}

/** What a path that nobody serves is answered with. */
export function routeNotFound(request: Request): Refusal {
  return refuse('not_found', 'ROUTE_NOT_FOUND', `There is no ${request.method} ${request.path.slice(0, 200)}.`, {
    fix: 'See /api/openapi.json for what there is.',
  });
}

/** What an error tells the client. */
export function outcomeOf(
  error: unknown,
  notFound: () => Refusal = () => refuse('not_found', 'NOT_FOUND', 'There is no such thing.'),
): { refusal: Refusal; status: number } {
  if (error instanceof RefusedError) return { refusal: error.refusal, status: error.status };
  if (error instanceof Fault) return { refusal: refusalOf(error), status: error.status ?? 500 };
  const status = error instanceof HttpException ? error.getStatus() : clientErrorStatus(error);
  if (status === 404) return { refusal: notFound(), status };
  if (status !== null && status < 500) {
    return { refusal: refuse('invalid', 'REQUEST_INVALID', 'The request cannot be read.'), status };
  }
  return {
    refusal: refuse('invalid', 'INTERNAL_ERROR', 'The control plane failed to answer this request.', {
      fix: 'Try again; if it stays, give the instance id to whoever runs the control plane: its log says why.',
    }),
    status: 500,
  };
}

function refusalOf(fault: Fault): Refusal {
  return refuse('invalid', fault.code, `${fault.what}.`, {
    ...(fault.why === undefined ? {} : { detail: `${fault.why}.` }),
    ...(fault.fix === undefined ? {} : { fix: `${fault.fix}.` }),
    ...(fault.status === 503 ? { retryAfterSeconds: 5 } : {}),
  });
}

/** Express marks errors that the client caused, such as a broken percent-encoding, with a 4xx status. */
function clientErrorStatus(error: unknown): number | null {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : null;
}
