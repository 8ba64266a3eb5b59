/**
 * A worker's folder for temporary files: the browser's profile and the raw trace, with cookies and all, are there until
 * the browser ends, and a worker that is killed cannot remove them. Named by the worker's marker, so that whoever ends
 * the worker, also a later agent, can remove it. In the system's temporary folder, because paths of sockets are short.
 */
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { clearSessions } from '../desktop/session/leftovers.ts';

/** Makes the folder of the worker with this marker and answers its path. */
export function makeScratch(marker: string): string {
  const folder = scratchOf(marker);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** Removes it, once everything that the worker started has ended; a worker itself has it as its temporary folder. */
export function removeScratch(marker: string, own = scratchOf(marker)): void {
  if (basename(own) !== basename(scratchOf(marker))) return;
  clearSessions(own, { own: true });
  try {
    rmSync(own, { recursive: true, force: true });
  } catch {
    // a file that somebody else holds keeps nobody from going on
  }
}

/** Removes that of a worker that never began. It is empty, and this works also where no file can be opened. */
export function unmakeScratch(marker: string): void {
  try {
    rmdirSync(scratchOf(marker));
  } catch {
    // it is gone
  }
}

/** The variables that name it to the worker. */
export function scratchEnvironment(marker: string): Record<string, string> {
  const folder = scratchOf(marker);
  return process.platform === 'win32' ? { TEMP: folder, TMP: folder } : { TMPDIR: folder };
}

function scratchOf(marker: string): string {
  return join(tmpdir(), `casare-${marker}`);
}
