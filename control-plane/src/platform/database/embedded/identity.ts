/**
 * Under which user PostgreSQL runs, and what that user can reach.
 *
 * Invariant: PostgreSQL never runs as root (it refuses to); data that exist keep the owner they have.
 */
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { Fault } from '../../errors.ts';

/** A user to run as. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** Preferred first. `nobody` exists nearly everywhere, but shares its rights with other programs that run as it. */
const CANDIDATES = ['casare', 'postgres', 'nobody'];

/**
 * The user PostgreSQL must run as, or undefined when that is ourselves. As root: the owner of existing data, otherwise
 * the first of `casare`, `postgres` and `nobody` that exists. Throws a Fault DATABASE_NO_USER.
 */
export async function chooseRunAs(pgdata: string | undefined, passwdFile = '/etc/passwd'): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = pgdata === undefined ? undefined : await lstat(pgdata).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, name: `user ${owner.uid}` };
  const users = parsePasswd(await readFile(passwdFile, 'utf8').catch(() => ''));
  for (const name of CANDIDATES) {
    const user = users.get(name);
    if (user !== undefined && user.uid !== 0) return user;
  }
  throw new Fault({
    code: 'DATABASE_NO_USER',
    what: 'The embedded database cannot be started by root',
    why: `PostgreSQL refuses to run as root, and none of the users ${CANDIDATES.join(', ')} exists`,
    fix: 'Run Casare as an ordinary user, or add a user: useradd --system casare',
  });
}

/** initdb looks our user up by its number. Throws a Fault DATABASE_USER_UNKNOWN when there is no entry. */
export function requireKnownUser(): void {
  try {
    userInfo();
  } catch (cause) {
    throw new Fault({
      code: 'DATABASE_USER_UNKNOWN',
      what: 'The embedded database cannot be created',
      why: `user ${process.getuid?.() ?? '?'} has no entry in /etc/passwd, which PostgreSQL needs`,
      fix: 'Run Casare as a user that has one, or set CASARE_DATABASE_URL',
      cause,
    });
  }
}

/** Whether `who` may search every directory down to `path` (mode bits only; access lists are not read). */
export async function canReach(path: string, who: RunAs): Promise<boolean> {
  let current = await nearestExisting(path);
  for (;;) {
    const found = await stat(current);
    if (found.isDirectory() && !maySearch(found, who)) return false;
    const parent = dirname(current);
    if (parent === current) return true;
    current = parent;
  }
}

function maySearch(entry: { readonly uid: number; readonly gid: number; readonly mode: number }, who: RunAs): boolean {
  if (entry.uid === who.uid) return (entry.mode & 0o100) !== 0;
  if (entry.gid === who.gid) return (entry.mode & 0o010) !== 0;
  return (entry.mode & 0o001) !== 0;
}

async function nearestExisting(path: string): Promise<string> {
  for (let current = path; ; current = dirname(current)) {
    const real = await realpath(current).catch(() => undefined);
    if (real !== undefined) return real;
    if (dirname(current) === current) return current;
  }
}

function parsePasswd(text: string): Map<string, RunAs> {
  const users = new Map<string, RunAs>();
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name !== undefined && uid !== undefined && /^\d+$/.test(uid) && gid !== undefined && /^\d+$/.test(gid)) {
      users.set(name, { name, uid: Number(uid), gid: Number(gid) });
    }
  }
  return users;
}
