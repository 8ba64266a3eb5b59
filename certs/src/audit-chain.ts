/**
 * The chain of the audit log: what is hashed, and whether a log is whole. The server links entries by it, and whoever
 * holds a copy of the log checks it by the same function, without the server.
 *
 * hash(n) = SHA-256 over hash(n-1), 32 bytes, and the UTF-8 text of the JSON array
 * `[position, tenant, seq, at, actor, action, subject, detail]`, where the keys of every object in `detail` are sorted.
 * The hash before the first entry is 32 zero bytes.
 */
import { createHash } from 'node:crypto';
import { accept, refuse, type Result } from './result.ts';

/** An entry in its place. */
export interface ChainEntry {
  /** Counts the entries of a log from 1. */
  readonly position: number;
  readonly tenant: string;
  readonly seq: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** Plain JSON. */
  readonly detail: unknown;
}

/** An entry with its hash, lower-case hex. */
export interface LinkedEntry extends ChainEntry {
  readonly hash: string;
}

/** Where a chain has got to. */
export interface ChainHead {
  readonly position: number;
  /** Lower-case hex. */
  readonly hash: string;
}

/** Before the first entry. */
export const CHAIN_START: ChainHead = { position: 0, hash: '0'.repeat(64) };

/** The hash of `entry` after an entry of hash `before` (hex), hex. */
export function chainHash(before: string, entry: ChainEntry): string {
  const { position, tenant, seq, at, actor, action, subject, detail } = entry;
  const text = JSON.stringify([position, tenant, seq, at, actor, action, subject, sorted(detail)]);
  return createHash('sha256').update(Buffer.from(before, 'hex')).update(text).digest('hex');
}

/** Checks one more entry; the new head, or what is wrong with it. */
export function follow(head: ChainHead, entry: LinkedEntry): Result<ChainHead, 'AUDIT_GAP' | 'AUDIT_BROKEN'> {
  if (entry.position !== head.position + 1) {
    return refuse('AUDIT_GAP', `entry ${head.position + 1} is missing: the next one is ${entry.position}`);
  }
  const hash = chainHash(head.hash, entry);
  if (hash !== entry.hash) {
    return refuse('AUDIT_BROKEN', `entry ${entry.position} (${entry.at}) or the one before it is not what was written`);
  }
  return accept({ position: entry.position, hash });
}

/** The same JSON value with sorted keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
