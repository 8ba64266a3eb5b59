/** Faults about the place where the embedded database keeps its files: one wording for every step that meets them. */
import { Fault } from '../../errors.ts';

/** Turns what the system or PostgreSQL says about a directory into a fault; anything else is returned as it is. */
export function storageFault(error: unknown, directory: string): unknown {
  if (error instanceof Fault) return error;
  const code = (error as { code?: unknown }).code;
  const text = `${typeof code === 'string' ? code : ''} ${error instanceof Error ? error.message : String(error)}`;
  if (/ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/.test(text)) return diskFull(directory, error);
  if (/EACCES|EPERM|EROFS|ENOTDIR|Permission denied|Read-only file system|Operation not permitted/.test(text)) {
    return unwritable(directory, error);
  }
  return error;
}

function diskFull(directory: string, cause: unknown): Fault {
  return new Fault({
    code: 'DATABASE_DISK_FULL',
    what: 'The embedded database cannot write',
    why: `the disk that holds ${directory} is full`,
    fix: 'Free at least 300 MB there, or set CASARE_HOME to a directory on another disk',
    cause,
  });
}

function unwritable(directory: string, cause: unknown): Fault {
  return new Fault({
    code: 'DATABASE_HOME_UNWRITABLE',
    what: 'The embedded database cannot use its directory',
    why: `${directory} cannot be read and written by this user (was it made by another user?)`,
    fix: 'Run Casare as the user that owns it, or set CASARE_HOME to a directory you can write',
    cause,
  });
}
