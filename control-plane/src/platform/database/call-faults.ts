/**
 * What a call to the database says when it failed through no fault of its own: a code that stays, what became of the call, and
 * that trying again helps (503 and `Retry-After` in REST, `retryAfterSeconds` in GraphQL). Whatever else went wrong stays as
 * it is, for callers that know it, such as a name that is taken.
 */
import { Fault } from '../errors.ts';
import { describeUrl } from './connection.ts';
import { failureCode, isConnectionLoss, isDiskFull, isInTheWay } from './failure.ts';

/** How far a call can have come: nothing of it is in place, or nobody knows. */
type Reach = 'nothing' | 'unknown';

/** What a person can mend, or has to wait for, gets its own words. */
export function explained(error: unknown, reach: Reach): unknown {
  if (isDiskFull(error)) {
    return new Fault({
      code: 'DATABASE_DISK_FULL',
      what: 'The database has no room to write, so nothing of this was saved',
      why: 'its disk is full',
      fix: 'Free space on the disk of the database; then try again',
      status: 503,
      cause: error,
    });
  }
  if (isInTheWay(error)) {
    return new Fault({
      code: 'DATABASE_BUSY',
      what: 'The database has too much to do at once, so nothing of this was saved',
      why: `it answered ${failureCode(error)}`,
      fix: 'Try again shortly',
      status: 503,
      cause: error,
    });
  }
  if (!isConnectionLoss(error)) return error;
  return reach === 'unknown' ? commitUnknown(error) : away(error);
}

/** Nothing was sent: every connection is in use. */
export function busy(url: string, why: string): Fault {
  return new Fault({
    code: 'DATABASE_BUSY',
    what: `The database at ${describeUrl(url)} cannot take this call now`,
    why,
    fix: 'Try again shortly',
    status: 503,
  });
}

/** The answer to a change was lost. */
export function commitUnknown(cause: unknown): Fault {
  return new Fault({
    code: 'COMMIT_UNKNOWN',
    what: 'The connection broke while a change was being committed, so it may or may not be in place',
    fix: 'Repeat the request with the same idempotency key',
    status: 503,
    cause,
  });
}

function away(cause: unknown): Fault {
  return new Fault({
    code: 'DATABASE_UNREACHABLE',
    what: 'The database does not answer, so nothing of this was saved',
    why: failureCode(cause) ?? (cause instanceof Error ? cause.message : String(cause)),
    fix: 'Try again shortly; if it stays, see whether the server of the database runs',
    status: 503,
    cause,
  });
}
