/**
 * The checks of the disk under the home: room for what may still come, whether a write reaches it and how fast, and
 * whether somebody holds files that were just written. Everything that is written is small, and removed.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, describe } from '../fault.ts';
import type { AgentHome } from '../identity/index.ts';
import { OUTBOX_BYTES } from '../outbox/index.ts';
import { MAX_SPOOL_BYTES, MIN_FREE_BYTES } from '../service/index.ts';
import { type Check, finding, ok } from './check.ts';

/** Writes of a page or two, as the outbox makes them; the middle one of their times is said. */
const WRITES = 5;
const WRITE_BYTES = 8_192;
const SLOW_MS = 200;
/** Rounds of writing, renaming and removing: who scans files needs a moment to get at them. */
const ROUNDS = 20;
const HELD = new Set(['EBUSY', 'EPERM', 'EACCES', 'ETXTBSY']);

/** Room, and a write that is really made. */
export async function checkDisk(home: AgentHome): Promise<Check> {
  const { bavail, bsize } = await statfs(existing(home.root));
  const free = bavail * bsize;
  const gib = `${(free / 1_073_741_824).toFixed(1)} GiB free`;
  if (!existsSync(home.root)) {
    return free < MIN_FREE_BYTES ? finding('disk', 'DISK_FULL', gib, NO_ROOM) : ok('disk', gib);
  }
  const used = { outbox: sizeOf(home.outbox), files: await sizeIn(home.spool) };
  const room = `${gib}, outbox ${mib(used.outbox)} of ${mib(OUTBOX_BYTES)}, files ${mib(used.files)} of ${mib(MAX_SPOOL_BYTES)}`;
  if (free < MIN_FREE_BYTES) return finding('disk', 'DISK_FULL', room, NO_ROOM);
  const written = await tryWrites(home.root);
  if (typeof written !== 'number') return written;
  const found = `${room}, a write is on the disk in ${written.toFixed(1)} ms`;
  if (written > SLOW_MS) return finding('disk', 'DISK_SLOW', found);
  const growth = Math.max(0, OUTBOX_BYTES - used.outbox) + Math.max(0, MAX_SPOOL_BYTES - used.files);
  return free < growth + MIN_FREE_BYTES ? finding('disk', 'DISK_LOW', found) : ok('disk', found);
}

const NO_ROOM = 'free space: no job is accepted';

/** Whether files can be written, renamed and removed again and again, as runs do. */
export async function checkDataFolder(home: AgentHome): Promise<Check> {
  if (!existsSync(home.root)) return ok('data folder', 'not there yet');
  const folder = join(home.root, `doctor-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    return writeFinding('data folder', error);
  }
  try {
    return await checkMoves(folder, home.root);
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Writes, renames and removes in `folder`; `exclude` is the folder that a person would exclude from scanning. */
export async function checkMoves(folder: string, exclude: string): Promise<Check> {
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    try {
      await moveAndRemove(folder, round);
    } catch (error) {
      if (!HELD.has(codeOf(error))) return writeFinding('data folder', error);
      const fix = `exclude this folder from antivirus, indexing and backup: ${exclude}`;
      return finding('data folder', 'FILES_HELD', describe(error), fix);
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  return ok('data folder', `${ROUNDS} files written, renamed and removed, the slowest in ${slowest.toFixed(1)} ms`);
}

async function moveAndRemove(folder: string, round: number): Promise<void> {
  const [first, second] = [join(folder, `${round}.part`), join(folder, `${round}.json`)];
  const file = await open(first, 'wx', 0o600);
  try {
    await file.write(Buffer.alloc(WRITE_BYTES, 'x'));
  } finally {
    await file.close();
  }
  await rename(first, second);
  await unlink(second);
}

/** Milliseconds until a write is on the disk, or what kept it from getting there. */
async function tryWrites(folder: string): Promise<number | Check> {
  const path = join(folder, `doctor-${randomBytes(6).toString('hex')}.tmp`);
  const times: number[] = [];
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      for (let write = 0; write < WRITES; write += 1) {
        const began = performance.now();
        await file.write(Buffer.alloc(WRITE_BYTES, 'x'));
        await file.sync();
        times.push(performance.now() - began);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    return writeFinding('disk', error);
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
  return times.sort((one, other) => one - other)[Math.floor(WRITES / 2)] ?? 0;
}

function writeFinding(name: 'disk' | 'data folder', error: unknown): Check {
  const code = codeOf(error);
  const found = describe(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return finding(name, 'DISK_FULL', found, NO_ROOM);
  if (code === 'EROFS') return finding(name, 'DISK_READ_ONLY', found);
  if (code === 'EACCES' || code === 'EPERM') return finding(name, 'HOME_NOT_WRITABLE', found);
  return finding(name, 'DISK_FAILED', found);
}

function existing(path: string): string {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

/** The database with its log. */
function sizeOf(outbox: string): number {
  return [outbox, `${outbox}-wal`].reduce(
    (sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

async function sizeIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  let bytes = 0;
  for (const name of names) bytes += (await stat(join(folder, name)).catch(() => null))?.size ?? 0;
  return bytes;
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 1_048_576)} MiB`;
}
