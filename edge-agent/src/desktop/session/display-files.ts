/**
 * The two files that an X server leaves in the system's temporary folder when it is killed: its lock and its socket.
 * The folder of a session says which display it was, so that whoever clears up after a worker can remove them.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTicksOf } from '../../runner/process-tree.ts';

/** Where X servers have them, whatever TMPDIR says. */
const SYSTEM_FOLDER = '/tmp';
const NOTE = 'display';
/** How a session's folder begins. */
export const SESSION_PREFIX = 'desktop-';

/** Writes down the display of a session's folder. */
export function noteDisplay(folder: string, display: number, server: number): void {
  writeFileSync(join(folder, NOTE), `${display} ${server}`, { mode: 0o600 });
}

/** Removes what the servers of the sessions below `parent` left behind; those that still run are let alone. */
export function removeDisplayFiles(parent: string): void {
  let names: string[];
  try {
    names = readdirSync(parent).filter((name) => name.startsWith(SESSION_PREFIX));
  } catch {
    return;
  }
  for (const name of names) removeFilesOf(join(parent, name));
}

/** The same for one session. */
export function removeFilesOf(folder: string): void {
  try {
    const [, display, server] = /^(\d{1,5}) (\d{1,10})$/.exec(readFileSync(join(folder, NOTE), 'utf8')) ?? [];
    if (display === undefined) return;
    const lock = join(SYSTEM_FOLDER, `.X${display}-lock`);
    // Another server may have the number by now: the lock names its process.
    if (readFileSync(lock, 'latin1').trim() !== server || startTicksOf(Number(server)) !== null) return;
    rmSync(join(SYSTEM_FOLDER, '.X11-unix', `X${display}`), { force: true });
    rmSync(lock, { force: true });
  } catch {
    // there is no such file: nothing to remove
  }
}
