/**
 * The server's log file: kept, bounded, and read back to explain a failed start.
 *
 * The server holds the file open in append mode, also when it outlives us; so it is turned over by copy and truncate.
 */
import { copyFile, mkdir, open, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 64 * 1024;

/** Keeps at most `limit` bytes in the file and as many in `<file>.1`. */
export async function turnOverLog(file: string, limit = LOG_LIMIT_BYTES): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const size = await logSize(file);
  if (size <= limit) return;
  await copyFile(file, `${file}.1`);
  await truncate(file, 0);
}

/** Bytes in the log; a mark from which to read what the next start says. */
export async function logSize(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

/** What the server said last since `mark`: the final FATAL or PANIC with its detail, or the last line; or ''. */
export async function lastComplaint(file: string, mark: number): Promise<string> {
  const lines = (await readSince(file, mark)).split('\n').filter((line) => line.trim() !== '');
  const fatal = lines.findLastIndex((line) => /\b(FATAL|PANIC):/.test(line));
  if (fatal < 0) return (lines.at(-1) ?? '').slice(0, 300);
  const before = lines.slice(0, fatal).findLast((line) => /\b(LOG|WARNING):.*could not/.test(line));
  return [before, lines[fatal]]
    .filter((line) => line !== undefined)
    .map((line) => line.replace(/^.*?\b(LOG|WARNING|FATAL|PANIC):\s*/, ''))
    .join('; ')
    .slice(0, 600);
}

async function readSince(file: string, mark: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const size = (await handle.stat()).size;
    const from = Math.max(mark > size ? 0 : mark, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
