/**
 * The agent's own audit log: what ran here, for whom and under which policy, and what was refused. JSON lines in
 * `audit/` of the agent home, each linked to the one before it by the chain of `certs` (`audit-chain.ts`), so that whoever
 * holds a copy, or only the last hash, can tell when one was changed or taken out. It needs no control plane.
 *
 * Invariants: an entry is on the disk before what it tells of goes on; nothing is changed after it was written. Bounded: the
 * oldest file is removed when there are too many; every entry names the hash before it, so the rest can be checked still.
 */
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { CHAIN_START, type ChainHead, chainHash } from '@casare/certs';
import { describe } from '../fault.ts';
import { AuditEntry } from './entry.ts';

/** Bytes of one file, and files that are kept: some hundred thousand runs. */
const FILE_BYTES = 8_388_608;
const FILES_KEPT = 16;
const DETAIL_BYTES = 16_384;
/** Ends the name of a file that could not be read. */
export const DAMAGED = '.damaged';

export interface AuditLogOptions {
  readonly folder: string;
  readonly tenant: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Tells of an entry that could not be written. */
  readonly complain: (message: string) => void;
  readonly fileBytes?: number;
  readonly filesKept?: number;
}

/** What is told of. */
export interface Audited {
  readonly action: string;
  /** Who wanted it: `agent`, or what the control plane says of who asked. */
  readonly actor: string;
  /** What it is about, such as `job:<id>/<attempt>`. */
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export class AuditLog {
  readonly #options: AuditLogOptions;
  #head: ChainHead;
  #file: string;
  #bytes: number;

  /**
   * Opens the log where it stands. A last line that a crash has torn is taken away. A file that is damaged otherwise is set
   * aside: it must neither stop the agent nor be lost.
   */
  constructor(options: AuditLogOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const { end, torn, damaged } = endOf(options.folder);
    this.#head = end?.head ?? CHAIN_START;
    this.#file = end?.name ?? fileName(this.#head.position + 1);
    this.#bytes = end?.bytes ?? 0;
    const tell = (action: string, detail: Readonly<Record<string, unknown>>): void =>
      this.add({ action, actor: 'agent', subject: 'audit', detail });
    if (damaged.length > 0) tell('audit.damaged', { files: damaged });
    if (torn > 0) tell('audit.torn', { bytes: torn });
  }

  /** Where its chain has got to. */
  get head(): ChainHead {
    return this.#head;
  }

  /** Writes an entry, to the disk. What cannot be written is said and must not stop what runs. */
  add({ action, actor, subject, detail = {} }: Audited): void {
    const { tenant, now, complain } = this.#options;
    const position = this.#head.position + 1;
    const at = new Date(now()).toISOString();
    const entry = { position, tenant, seq: position, at, actor, action, subject, detail: bounded(detail) };
    const before = this.#head.hash;
    const hash = chainHash(before, entry);
    try {
      this.#append(`${JSON.stringify({ ...entry, before, hash })}\n`);
      this.#head = { position, hash };
    } catch (error) {
      complain(`the audit log could not be written: ${describe(error)}`);
    }
  }

  #append(line: string): void {
    const { folder, fileBytes = FILE_BYTES, filesKept = FILES_KEPT } = this.#options;
    if (this.#bytes > 0 && this.#bytes + line.length > fileBytes) {
      this.#file = fileName(this.#head.position + 1);
      this.#bytes = 0;
      for (const old of auditFiles(folder).slice(0, -(filesKept - 1))) rmSync(join(folder, old), { force: true });
    }
    const path = join(folder, this.#file);
    const handle = openSync(path, 'a', 0o600);
    try {
      const written = writeSync(handle, line);
      if (written < Buffer.byteLength(line)) {
        truncateSync(path, this.#bytes);
        throw new Error('the disk is full');
      }
      fdatasyncSync(handle);
    } finally {
      closeSync(handle);
    }
    this.#bytes += Buffer.byteLength(line);
  }
}

/** The files of a log, oldest first. */
export function auditFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^audit-\d{12}\.jsonl$/.test(name))
    .sort();
}

/** A file is named by the position of its first entry. */
function fileName(position: number): string {
  return `audit-${String(position).padStart(12, '0')}.jsonl`;
}

/** Where a log ends. */
interface LogEnd {
  /** The last file that can be gone on with. */
  readonly end: { readonly name: string; readonly head: ChainHead; readonly bytes: number } | null;
  /** Bytes of lines without an end that were taken away. */
  readonly torn: number;
  /** Files that could not be read and were set aside. */
  readonly damaged: readonly string[];
}

function endOf(folder: string): LogEnd {
  const damaged: string[] = [];
  let torn = 0;
  for (const name of auditFiles(folder).toReversed()) {
    try {
      const found = lastOf(join(folder, name));
      torn += found.torn;
      if (found.head !== null) return { end: { name, head: found.head, bytes: found.bytes }, torn, damaged };
      rmSync(join(folder, name));
    } catch {
      renameSync(join(folder, name), join(folder, `${name}${DAMAGED}`));
      damaged.push(name);
    }
  }
  return { end: null, torn, damaged };
}

/** The head that a file ends with, a last line without its end cut off; no head when nothing else is in it. */
function lastOf(path: string): { head: ChainHead | null; bytes: number; torn: number } {
  const content = readFileSync(path);
  const bytes = content.lastIndexOf(0x0a) + 1;
  const torn = content.length - bytes;
  if (bytes === 0) return { head: null, bytes, torn };
  if (torn > 0) truncateSync(path, bytes);
  const last = content.subarray(0, bytes).toString('utf8').split('\n').at(-2);
  const { position, hash } = AuditEntry.parse(JSON.parse(last ?? ''));
  return { head: { position, hash }, bytes, torn };
}

/** Details are small; one that is not says so and is left out. */
function bounded(detail: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const plain = JSON.parse(JSON.stringify(detail)) as Record<string, unknown>;
  const bytes = Buffer.byteLength(JSON.stringify(plain));
  return bytes <= DETAIL_BYTES ? plain : { leftOut: bytes };
}
