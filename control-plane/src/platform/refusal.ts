/**
 * An expected outcome that is not the one asked for: services return it, they do not throw it (house rule 10). The
 * kind decides the HTTP status, in `http/problem.ts` and nowhere else.
 */
import type { ProblemDetail } from '@casare/shared/api';

export type RefusalKind =
  'unauthenticated' | 'denied' | 'not_found' | 'conflict' | 'stale' | 'invalid' | 'unprocessable' | 'busy';

export interface Refusal {
  readonly refused: RefusalKind;
  /** Stable, UPPER_SNAKE. */
  readonly code: string;
  /** What happened, a sentence. */
  readonly title: string;
  /** Why, a sentence. */
  readonly detail?: string;
  /** What to do, a sentence. */
  readonly fix?: string;
  readonly problems?: readonly ProblemDetail[];
  /** For `busy`: when to try again, seconds. */
  readonly retryAfterSeconds?: number;
}

export function refuse(
  refused: RefusalKind,
  code: string,
  title: string,
  more: Omit<Refusal, 'refused' | 'code' | 'title'> = {},
): Refusal {
  return { refused, code, title, ...more };
}

/** True when a service refused. No value that services return has a member `refused`. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value && 'code' in value;
}

/** For a cursor of a page that no list has given. */
export function badCursor(): Refusal {
  return refuse('invalid', 'CURSOR_INVALID', 'The cursor is not one that this list gave.', {
    fix: 'Start without a cursor.',
  });
}

/** For an idempotency key of another request. */
export function conflictingKey(): Refusal {
  return refuse('unprocessable', 'IDEMPOTENCY_CONFLICT', 'This idempotency key was used for another request.', {
    detail: 'A key stands for one request: one caller, one operation, one body.',
    fix: 'Use a new key for a new request.',
  });
}
