/** Reads the agent's audit log and says whether it is whole, from its files alone. */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CHAIN_START, type ChainHead, chainHash } from '@casare/certs';
import { codeOf, Fault } from '../fault.ts';
import { auditFiles, DAMAGED } from './audit-log.ts';
import { AuditEntry } from './entry.ts';

/** A whole log: its first and last entry. `from` is above 1 when older files were removed. */
export interface WholeLog {
  readonly from: number;
  readonly entries: number;
  readonly head: ChainHead;
}

/** The longest line that is read, bytes: what is longer was not written by an agent. */
const LINE_BYTES = 1_048_576;
const NEW_LINE = 0x0a;

/** The entries, oldest first, each with its line. Throws AUDIT_MISSING, AUDIT_BROKEN. */
export async function* auditEntries(folder: string): AsyncGenerator<{ line: string; entry: AuditEntry }> {
  const files = filesOf(folder);
  for (const [index, name] of files.entries()) {
    let number = 0;
    for await (const { line, isWhole } of linesOf(join(folder, name), name)) {
      number += 1;
      // The agent may be writing it just now.
      if (!isWhole && index === files.length - 1) return;
      const entry = AuditEntry.safeParse(isWhole ? jsonOf(line) : undefined);
      if (!entry.success) throw broken(`${name}, line ${number}, is no entry`);
      yield { line, entry: entry.data };
    }
  }
}

/**
 * Lines end with a line feed and nothing else: other characters that some call line ends may stand in an entry as they are.
 * The last one may have no end yet.
 */
async function* linesOf(path: string, name: string): AsyncGenerator<{ line: string; isWhole: boolean }> {
  let rest = Buffer.alloc(0);
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, piece]);
    let from = 0;
    for (let end = rest.indexOf(NEW_LINE); end !== -1; end = rest.indexOf(NEW_LINE, from)) {
      yield { line: rest.toString('utf8', from, end), isWhole: true };
      from = end + 1;
    }
    rest = rest.subarray(from);
    if (rest.length > LINE_BYTES) throw broken(`a line of ${name} is longer than any entry`);
  }
  if (rest.length > 0) yield { line: rest.toString('utf8'), isWhole: false };
}

/**
 * Follows the chain to its end.
 * @param kept a hash that was kept elsewhere, which must occur; null for none
 * @throws Fault AUDIT_MISSING, AUDIT_BROKEN, AUDIT_GAP, AUDIT_OTHER
 */
export async function verifyAudit(folder: string, kept: string | null): Promise<WholeLog> {
  const damaged = readdirSafely(folder).find((name) => name.endsWith(DAMAGED));
  if (damaged !== undefined) throw broken(`${damaged} could not be read when the agent started`);
  let head: ChainHead | null = null;
  let [from, entries] = [0, 0];
  let found = kept === null;
  for await (const { entry } of auditEntries(folder)) {
    head ??= { position: entry.position - 1, hash: entry.position === 1 ? CHAIN_START.hash : entry.before };
    if (entry.position !== head.position + 1) {
      throw new Fault('AUDIT_GAP', `entry ${head.position + 1} is missing: the next one is ${entry.position}`);
    }
    if (entry.before !== head.hash || chainHash(entry.before, entry) !== entry.hash) {
      throw broken(`entry ${entry.position} (${entry.at}) or the one before it is not what was written`);
    }
    head = { position: entry.position, hash: entry.hash };
    if (from === 0) from = entry.position;
    entries += 1;
    if (entry.hash === kept) found = true;
  }
  if (!found)
    throw new Fault('AUDIT_OTHER', 'the hash that was kept does not occur: entries are gone, or were written anew');
  return { from, entries, head: head ?? CHAIN_START };
}

function filesOf(folder: string): string[] {
  try {
    return auditFiles(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new Fault('AUDIT_MISSING', `there is no audit log in ${folder}: name the --home of an agent that has run`);
  }
}

function readdirSafely(folder: string): string[] {
  filesOf(folder);
  return readdirSync(folder);
}

function broken(what: string): Fault {
  return new Fault('AUDIT_BROKEN', `the log is not whole: ${what}: find out who changed it, and compare with a copy`);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
