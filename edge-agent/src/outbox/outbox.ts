/**
 * The agent's durable journal: SQLite in WAL mode, one writer, one file per agent home.
 *
 * Invariants
 * - An event has a number and is in the database before anybody may send it; numbers have no holes.
 * - Nothing follows an ending. An ending leaves only after `release`.
 * - No secret is ever written: assignments are stored without theirs.
 * - The database is locked exclusively: a second agent on the same home cannot open it.
 * - Bounds: `maxBytes` for the database (a reserve is kept for endings), `RUNS_PER_AGENT` runs. At the bound log
 *   lines are dropped, other events are refused with OUTBOX_FULL, endings still fit.
 * - A full disk is no other case: beside the database lies a file of reserve, given up when endings or bookkeeping do
 *   not fit any more, and laid down again with the next accepted run.
 *
 * Durability: what is written survives a killed process. A power cut survives what was flushed (`write-ahead-log.ts`): what
 * must not be forgotten once it is said, an accepted assignment and the start of an unsafe step.
 */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { AGENT_FRAME_BYTES, EVENTS_PER_MESSAGE, endsRun, RunEvent, RUNS_PER_AGENT } from '@casare/shared/protocol';
import type { RunEventBody } from '@casare/shared/protocol';
import { describe, Fault } from '../fault.ts';
import {
  type ArtifactRow,
  type RunKey,
  type RunRow,
  StoredAssignment,
  toArtifactRow,
  toRunRow,
  type WorkerRecord,
} from './outbox.rows.ts';
import { type OutboxDepth, type RunProgress, toDepth, toProgress } from './depth.ts';
import { migrate, OUTBOX_BYTES } from './outbox.schema.ts';
import { SQL } from './outbox.statements.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

const PAGE_BYTES = 4_096;
/** Pages kept back so that endings and bookkeeping fit into a full outbox; the file of reserve has as many. */
const RESERVE_PAGES = 1_024;
/** The largest event, bytes of JSON: one event must fit a frame with its envelope. */
export const EVENT_BYTES = AGENT_FRAME_BYTES - 8_192;
/** Bytes of events put into one message. */
const BATCH_BYTES = 262_144;

export interface OutboxOptions {
  readonly file: string;
  /** Largest size of the database, bytes; default 1 GiB. */
  readonly maxBytes?: number;
}

type Statements = { readonly [Name in keyof typeof SQL]: StatementSync };

export class Outbox {
  readonly #database: DatabaseSync;
  readonly #log: WriteAheadLog;
  readonly #sql: Statements;
  readonly #maxPages: number;
  readonly #reserve: string;

  private constructor(database: DatabaseSync, log: WriteAheadLog, maxPages: number, reserve: string) {
    this.#database = database;
    this.#log = log;
    this.#maxPages = maxPages;
    this.#reserve = reserve;
    this.#sql = Object.fromEntries(
      Object.entries(SQL).map(([name, text]) => [name, database.prepare(text)]),
    ) as unknown as Statements;
    this.#layReserve();
  }

  /** Opens (or makes) the outbox. Throws a Fault: AGENT_RUNNING, OUTBOX_DAMAGED, OUTBOX_TOO_NEW, OUTBOX_FULL. */
  static open(options: OutboxOptions): Outbox {
    try {
      const database = new DatabaseSync(options.file, { enableForeignKeyConstraints: true });
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      database.exec('BEGIN IMMEDIATE; COMMIT');
      migrate(database);
      const maxPages = Math.ceil((options.maxBytes ?? OUTBOX_BYTES) / PAGE_BYTES);
      return new Outbox(database, WriteAheadLog.of(options.file), maxPages, `${options.file}-reserve`);
    } catch (error) {
      throw openingFault(error, options.file);
    }
  }

  /** The number of this start: 1 for the first. */
  nextEpoch(): number {
    return Number(this.#kept(() => this.#sql.bumpCounter.get('epoch'))?.['value']);
  }

  /** Notes the control plane's `storeEpoch`: the highest one counts. */
  noteStoreEpoch(epoch: number): void {
    if (epoch > (this.storeEpoch() ?? 0)) this.#kept(() => this.#sql.noteMeta.run('store-epoch', epoch));
  }

  storeEpoch(): number | null {
    return this.#meta('store-epoch');
  }

  /** Notes until when this agent may act, on the wall clock, milliseconds. Not where there is no room: nothing needs it. */
  noteLease(until: number): void {
    try {
      this.#guarded(() => this.#sql.noteMeta.run('lease-until', Math.round(until)));
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  leaseUntil(): number | null {
    return this.#meta('lease-until');
  }

  /** Stores an assignment, flushed to the disk. False when it was there already. Throws OUTBOX_FULL. */
  accept(assignment: StoredAssignment): boolean {
    const stored = StoredAssignment.parse(assignment);
    if (this.runs().length >= RUNS_PER_AGENT) {
      throw new Fault(
        'OUTBOX_FULL',
        `the outbox holds ${RUNS_PER_AGENT} runs that the control plane has not taken yet`,
      );
    }
    this.#layReserve();
    return this.#flushed(() => {
      const text = JSON.stringify(stored);
      return this.#sql.insertRun.run(stored.jobId, stored.attempt, text).changes === 1;
    });
  }

  run(key: RunKey): RunRow | null {
    const row = this.#sql.readRun.get(key.jobId, key.attempt);
    return row === undefined ? null : toRunRow(row);
  }

  depth(): OutboxDepth {
    return toDepth(this.#sql.depth.get());
  }

  progress({ jobId, attempt }: RunKey): RunProgress {
    return toProgress(this.#sql.progress.get(jobId, attempt));
  }

  /** Every attempt this agent holds, oldest first. */
  runs(): RunRow[] {
    return this.#sql.listRuns.all().map(toRunRow);
  }

  assignment(key: RunKey): StoredAssignment {
    const row = this.#sql.readAssignment.get(key.jobId, key.attempt);
    if (row === undefined) throw new Fault('RUN_UNKNOWN', `no run ${key.jobId}, attempt ${key.attempt}`);
    return StoredAssignment.parse(JSON.parse(String(row['assignment'])));
  }

  markRunning(key: RunKey): void {
    this.#kept(() => this.#sql.markRunning.run(key.jobId, key.attempt));
  }

  /** Counts a dead worker and answers how many there were. */
  countCrash(key: RunKey): number {
    return Number(this.#kept(() => this.#sql.countCrash.get(key.jobId, key.attempt))?.['crashes'] ?? 0);
  }

  recordWorker(key: RunKey, worker: WorkerRecord | null): void {
    const text = worker === null ? null : JSON.stringify(worker);
    this.#kept(() => this.#sql.setWorker.run(text, key.jobId, key.attempt));
  }

  /**
   * Writes one event, and those before it, all or none; answers its number, 0 when a log line was dropped because the outbox
   * is full. Throws RUN_ENDED (unknown or ended attempt), EVENT_TOO_LARGE, OUTBOX_FULL.
   */
  append(key: RunKey, at: Date, body: RunEventBody, before: readonly RunEventBody[] = []): number {
    const texts = [...before, body].map((event) => ({ event, text: eventText(event) }));
    const write = (): number =>
      this.#transaction(() => texts.reduce((_, { event, text }) => this.#insertEvent(key, at, event, text), 0));
    if (endsRun(body)) return this.#kept(write);
    try {
      return this.#guarded(write);
    } catch (error) {
      if (body.type !== 'run.log' || !isFull(error)) throw error;
      const last = before.at(-1);
      if (last !== undefined) this.append(key, at, last, before.slice(0, -1));
      return 0;
    }
  }

  /** Resolves when everything that was written before is on the disk. Rejects with OUTBOX_FAILED: then it may not be. */
  flush(): Promise<void> {
    return this.#log.flush(() => Number(this.#sql.changes.get()?.['changes']));
  }

  /** Rewrites an ending that has not been released; false when there is none. */
  replaceEnding(key: RunKey, body: RunEventBody): boolean {
    const replace = (): boolean => {
      const changed = this.#sql.replaceEnding.run(key.jobId, key.attempt, JSON.stringify(body)).changes === 1;
      if (changed) this.#sql.finish.run(body.type, this.run(key)?.endedAt ?? 0, key.jobId, key.attempt);
      return changed;
    };
    return this.#kept(() => this.#transaction(replace));
  }

  /** Lets the ending leave. */
  release(key: RunKey): void {
    this.#kept(() => this.#sql.release.run(key.jobId, key.attempt));
  }

  /** Everything recorded for the attempt, oldest first. */
  journal(key: RunKey): RunEvent[] {
    return this.#sql.journal.all(key.jobId, key.attempt).map(toEvent);
  }

  /** The next events after `after` that may leave, at most one message full. */
  sendable(key: RunKey, after: number): RunEvent[] {
    const batch: RunEvent[] = [];
    let bytes = 0;
    for (const row of this.#sql.sendable.all(key.jobId, key.attempt, after, EVENTS_PER_MESSAGE)) {
      bytes += Buffer.byteLength(String(row['body']));
      if (batch.length > 0 && bytes > BATCH_BYTES) break;
      batch.push(toEvent(row));
    }
    return batch;
  }

  /** Notes that the control plane has committed every event up to `seq`. */
  acknowledge(key: RunKey, seq: number): void {
    this.#kept(() => this.#sql.acknowledge.run(key.jobId, key.attempt, seq));
  }

  /** The control plane has no events above `seq`: true when it had acknowledged some, which it lost. */
  rewind(key: RunKey, seq: number): boolean {
    return this.#kept(() => this.#sql.rewind.run(key.jobId, key.attempt, seq)).changes === 1;
  }

  /** Queues a file for upload; false when it was queued before. Throws OUTBOX_FULL. */
  queueArtifact(row: Omit<ArtifactRow, 'state' | 'code'>, at: Date): boolean {
    return this.#guarded(() => {
      const { artifactId, jobId, attempt, name, kind, mediaType, sha256, bytes, position } = row;
      const values = [artifactId, jobId, attempt, name, kind, mediaType, sha256, bytes, position, at.getTime()];
      return this.#sql.insertArtifact.run(...values).changes === 1;
    });
  }

  artifact(artifactId: string): ArtifactRow | null {
    const row = this.#sql.readArtifact.get(artifactId);
    return row === undefined ? null : toArtifactRow(row);
  }

  artifactsOf(key: RunKey): ArtifactRow[] {
    return this.#sql.artifactsOfRun.all(key.jobId, key.attempt).map(toArtifactRow);
  }

  /** Files to upload: declared outputs first, then oldest first. */
  waitingArtifacts(limit: number): ArtifactRow[] {
    return this.#sql.waitingArtifacts.all(limit).map(toArtifactRow);
  }

  /** Evidence that may be dropped to make room, oldest first. */
  droppableEvidence(): ArtifactRow[] {
    return this.#sql.evidenceOldestFirst.all().map(toArtifactRow);
  }

  waitingArtifactBytes(): number {
    return Number(this.#sql.waitingBytes.get()?.['bytes'] ?? 0);
  }

  /** Settles a waiting file; false when it was settled before. */
  settleArtifact(artifactId: string, state: 'stored' | 'refused', code: string | null = null): boolean {
    return this.#kept(() => this.#sql.settleArtifact.run(state, code, artifactId).changes === 1);
  }

  /** Forgets an attempt with its events and files' rows. */
  drop(key: RunKey): void {
    this.#kept(() => this.#sql.deleteRun.run(key.jobId, key.attempt));
  }

  /** Closes the database: its lock goes with it. */
  close(): void {
    this.#log.close();
    this.#database.close();
  }

  #meta(key: string): number | null {
    const value = this.#sql.readMeta.get(key)?.['value'];
    return value === undefined ? null : Number(value);
  }

  #insertEvent(key: RunKey, at: Date, body: RunEventBody, text: string): number {
    const seq = this.#sql.takeNumber.get(key.jobId, key.attempt)?.['last_seq'];
    if (seq === undefined) throw new Fault('RUN_ENDED', `attempt ${key.attempt} of ${key.jobId} records no more`);
    this.#sql.insertEvent.run(key.jobId, key.attempt, seq, at.toISOString(), text);
    if (endsRun(body)) this.#sql.finish.run(body.type, at.getTime(), key.jobId, key.attempt);
    return Number(seq);
  }

  /** With SQLite's own flush: for what is answered at once. */
  #flushed<T>(write: () => T): T {
    this.#database.exec('PRAGMA synchronous = FULL');
    try {
      return this.#guarded(write);
    } finally {
      this.#database.exec('PRAGMA synchronous = NORMAL');
    }
  }

  #transaction<T>(work: () => T): T {
    this.#sql.begin.run();
    try {
      const result = work();
      this.#sql.commit.run();
      return result;
    } catch (error) {
      // SQLite rolls back by itself when the disk is full
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** What must fit: when it does not, the reserve is given up for it. Throws OUTBOX_FULL when that was not enough. */
  #kept<T>(write: () => T): T {
    try {
      return this.#guarded(write);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#limit(this.#maxPages + RESERVE_PAGES);
      rmSync(this.#reserve, { force: true });
      return this.#guarded(write);
    }
  }

  /** Keeps pages and disk back for `#kept`, as far as there is room. */
  #layReserve(): void {
    this.#limit(this.#maxPages);
    const bytes = RESERVE_PAGES * PAGE_BYTES;
    if (statSync(this.#reserve, { throwIfNoEntry: false })?.size === bytes) return;
    try {
      writeFileSync(this.#reserve, Buffer.alloc(bytes), { mode: 0o600 });
    } catch {
      // The disk is full already: what was written of it is all there is.
    }
  }

  #guarded<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      if (sqliteCode(error) !== SQLITE_FULL) throw error;
      throw new Fault('OUTBOX_FULL', 'the outbox or its disk is full: free space in the agent home', { cause: error });
    }
  }

  #limit(pages: number): void {
    this.#database.exec(`PRAGMA max_page_count = ${pages}`);
  }
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** SQLite's primary result code of a thrown value, or 0. */
function sqliteCode(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0;
  return Number(error.errcode) & 0xff;
}

function isFull(error: unknown): boolean {
  return error instanceof Fault && error.code === 'OUTBOX_FULL';
}

function openingFault(error: unknown, file: string): Fault {
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

function eventText(body: RunEventBody): string {
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text) <= EVENT_BYTES) return text;
  throw new Fault('EVENT_TOO_LARGE', `${body.type} is larger than ${EVENT_BYTES} bytes: keep large data in files`);
}

function toEvent(row: Record<string, SQLOutputValue>): RunEvent {
  const body: unknown = JSON.parse(String(row['body']));
  return RunEvent.parse({ seq: row['seq'], at: row['at'], body });
}
