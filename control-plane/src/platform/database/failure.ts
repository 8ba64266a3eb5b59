/**
 * What a failed database call means: could it have been carried out, and may it be tried again?
 *
 * Invariant: only failures that provably left nothing behind are called retryable.
 */
import { DatabaseError } from 'pg';

/** Server conditions under which no connection is given yet, or no longer; waiting helps. 25P03: it was idle too long. */
const NOT_ACCEPTING = new Set(['57P01', '57P02', '57P03', '53300', '25P03']);
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);
const BROKEN =
  /Connection terminated|Client has encountered a connection error|Client was closed|connection timeout|timeout expired/i;

/** The SQLSTATE, or the system's error code, or undefined. */
export function failureCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  return error instanceof AggregateError ? failureCode(error.errors[0]) : undefined;
}

/** The connection is gone or cannot be made. Says nothing about whether the last statement was carried out. */
export function isConnectionLoss(error: unknown): boolean {
  const code = failureCode(error);
  if (code !== undefined && (NOT_ACCEPTING.has(code) || NETWORK.has(code) || code.startsWith('08'))) return true;
  return error instanceof Error && !(error instanceof DatabaseError) && BROKEN.test(error.message);
}

/** The server rolled the whole transaction back because of others: running it again is right. */
export function isRolledBackByConflict(error: unknown): boolean {
  const code = failureCode(error);
  return code === '40001' || code === '40P01';
}

/** Too much at once: others were in the way for too long (a lock, a time limit), or there are no connections or memory left. */
export function isInTheWay(error: unknown): boolean {
  return isRolledBackByConflict(error) || ['55P03', '57014', '53200', '53300'].includes(failureCode(error) ?? '');
}

/** A prepared statement outlived a migration or a pooler's connection; it was refused before doing anything. */
export function isStaleStatement(error: unknown): boolean {
  const code = failureCode(error);
  return code === '26000' || (code === '0A000' && /cached plan/.test((error as Error).message));
}

/** A unique constraint said no; with `constraint`, only that one. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof DatabaseError &&
    error.code === '23505' &&
    (constraint === undefined || error.constraint === constraint)
  );
}

/** What a row is to refer to is not there, or not any more. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '23503';
}

/** The server has no room: nothing was written. */
export function isDiskFull(error: unknown): boolean {
  return failureCode(error) === '53100';
}

/** The server refused the values themselves: the same statement with the same values fails for ever. */
export function isBadValue(error: unknown): boolean {
  return error instanceof DatabaseError && /^(22|23|54)/.test(error.code ?? '');
}
