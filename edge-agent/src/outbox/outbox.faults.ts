/** What SQLite's errors mean here. */
import { describe, Fault } from '../fault.ts';

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
export const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** SQLite's primary result code of a thrown value, or 0. */
export function sqliteCode(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0;
  return Number(error.errcode) & 0xff;
}

/** Neither the outbox nor its reserve had room. */
export function isFull(error: unknown): boolean {
  return error instanceof Fault && error.code === 'OUTBOX_FULL';
}

/** What a person is told when the outbox cannot be opened. */
export function openingFault(error: unknown, file: string): Fault {
  if (error instanceof Fault) return error;
  const code = sqliteCode(error);
  if (code === SQLITE_BUSY) {
    return new Fault(
      'AGENT_RUNNING',
      `another agent already runs on this home (${file}): stop it or use another --home`,
    );
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new Fault('OUTBOX_DAMAGED', `${file} is damaged: keep a copy, move it away and start again`, {
      cause: error,
    });
  }
  return new Fault('OUTBOX_UNUSABLE', `${file} cannot be opened: ${describe(error)}`, { cause: error });
}
