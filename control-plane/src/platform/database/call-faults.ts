/** What a call to the database says to a person who can mend its failure. */
import { Fault } from '../errors.ts';
import { describeUrl } from './connection.ts';
import { isDiskFull } from './failure.ts';

/** What a person can mend gets its own words; everything else stays as it is. */
export function explained(error: unknown): unknown {
  if (!isDiskFull(error)) return error;
  return new Fault({
    code: 'DATABASE_DISK_FULL',
    what: 'The database has no room to write, so nothing of this was saved',
    why: 'its disk is full',
    fix: 'Free space on the disk of the database; then try again',
    status: 503,
    cause: error,
  });
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
