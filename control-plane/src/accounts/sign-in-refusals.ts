/** What whoever signs in, or makes a way to, is refused with. */
import { isForeignKeyViolation } from '../platform/database/index.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';

/** Of what refers to an account or a provider that is not there any more. */
export function goneMeanwhile(error: unknown): Refusal {
  if (isForeignKeyViolation(error)) return removed();
  throw error;
}

/** Of who was somebody when they asked. */
export function removed(): Refusal {
  return refuse('unauthenticated', 'AUTH_REQUIRED', 'This account, or what it signs in with, was removed.');
}

/** Of the second use of an invitation, and of one too late. */
export function invitationUsed(): Refusal {
  return refuse('unauthenticated', 'AUTH_INVITATION_USED', 'This invitation was used already, or has expired.', {
    fix: 'Sign in by your password, or ask for a new invitation.',
  });
}

/** Not `unauthenticated`: the session is good, and a console would take that for its end. */
export function passwordWrong(): Refusal {
  return refuse('denied', 'PASSWORD_WRONG', 'The present password is wrong.');
}

/** Of a sign-in link that would give more than its maker has. */
export function keyNarrower(): Refusal {
  return refuse('denied', 'KEY_NARROWER', 'This API key may do less than its account.', {
    detail: 'A sign-in link would give all that the account may.',
    fix: 'Use a key of the account without scopes and with its role, or sign in by password.',
  });
}

/** Of one try too many. */
export function lockedOut(until: Date, now: Date): Refusal {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1_000));
  return refuse('busy', 'AUTH_LOCKED_OUT', 'Too many failed sign-ins.', {
    fix: `Wait ${Math.ceil(seconds / 60)} minutes, or sign in by a link from \`casare login --link\`.`,
    retryAfterSeconds: seconds,
  });
}
