/**
 * What a display leaves behind when its owner is killed: its processes, and the lock and socket of its server in the
 * system's temporary folder. The folder of a session says whose it was, so that whoever comes after, the agent or the next
 * session, can clear up.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { killMarked, startTicksOf } from '../../runner/process-tree.ts';

/** How a session's folder begins. */
export const SESSION_PREFIX = 'desktop-';
/** The variable that carries the marker of a display to everything on it. */
export const DISPLAY_MARKER = 'CASARE_DISPLAY_MARKER';
/** Where X servers have their files, whatever TMPDIR says. */
const SYSTEM_FOLDER = '/tmp';
const NOTE = 'session.json';
/** How long a killed server may take to close its files, and how often to look, milliseconds. */
const LET_GO_MS = 1_000;
const LOOK_AGAIN_MS = 5;

const Note = z.object({
  marker: z.uuid(),
  /** The process that made it, with its start time: process ids are used again. */
  owner: z.int(),
  ownerTicks: z.int(),
  /** The display's number and the process of its server, once it is ready. */
  display: z.int().optional(),
  server: z.int().optional(),
});

/** Writes down whose the session of a folder is. */
export function noteSession(folder: string, marker: string, display?: { number: number; server: number }): void {
  const own = { marker, owner: process.pid, ownerTicks: startTicksOf(process.pid) ?? 0 };
  const note = display === undefined ? own : { ...own, display: display.number, server: display.server };
  writeFileSync(join(folder, NOTE), JSON.stringify(note), { mode: 0o600 });
}

/** Ends the sessions in a folder whose owner has ended, or with `own` is this process, and removes what is left of them. */
export function clearSessions(parent: string, { own }: { readonly own: boolean }): void {
  let names: string[];
  try {
    names = readdirSync(parent).filter((name) => name.startsWith(SESSION_PREFIX));
  } catch {
    return;
  }
  for (const name of names) {
    const folder = join(parent, name);
    const note = noteOf(folder);
    if (note === null) continue;
    const isOwn = note.owner === process.pid;
    if (isOwn ? !own : startTicksOf(note.owner) === note.ownerTicks) continue;
    killMarked(DISPLAY_MARKER, note.marker);
    removeServerFiles(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Removes socket and lock of the server of one session, when it has ended without doing so. */
export function removeServerFiles(folder: string): void {
  const note = noteOf(folder);
  if (note?.display === undefined || note.server === undefined) return;
  const socket = join(SYSTEM_FOLDER, '.X11-unix', `X${note.display}`);
  const lock = join(SYSTEM_FOLDER, `.X${note.display}-lock`);
  try {
    // Another server may have the number by now: then it listens there, or the lock names its process.
    if (isLetGo(note.server, socket)) rmSync(socket, { force: true });
    if (Number(readFileSync(lock, 'latin1')) === note.server) rmSync(lock, { force: true });
  } catch {
    // there is no such file: nothing to remove
  }
}

/** Waits for a server to end: a killed process first loses its memory (and with it the marker), then its files. */
function isLetGo(server: number, socket: string): boolean {
  const until = Date.now() + LET_GO_MS;
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (startTicksOf(server) !== null || isBound(socket)) {
    if (Date.now() > until) return false;
    Atomics.wait(clock, 0, 0, LOOK_AGAIN_MS);
  }
  return true;
}

/** Whether a socket of this path is open in any process (proc(5), /proc/net/unix). */
function isBound(path: string): boolean {
  return readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .some((line) => line.endsWith(` ${path}`));
}

function noteOf(folder: string): z.infer<typeof Note> | null {
  try {
    return Note.parse(JSON.parse(readFileSync(join(folder, NOTE), 'utf8')));
  } catch {
    return null;
  }
}
