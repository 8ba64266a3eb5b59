/**
 * The agent's durable journal: SQLite in WAL mode, one writer, one file per agent home.
 *
 * Invariants
 * - An event has a number and is in the database before anybody may send it; numbers have no holes. The number of the last
 *   event is that of its run: nothing else counts them.
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
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { AGENT_FRAME_BYTES, EVENTS_PER_MESSAGE, endsRun, RunEvent, RUNS_PER_AGENT } from '@casare/shared/protocol';
import type { RunEventBody } from '@casare/shared/protocol';
import { Fault } from '../fault.ts';
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
import { isFull, openingFault, SQLITE_FULL, sqliteCode } from './outbox.faults.ts';
import { Lanes, lastNumber, type Prepared, prepared } from './outbox.lanes.ts';
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

export class Outbox {
  readonly #database: DatabaseSync;
  readonly #log: WriteAheadLog;
  readonly #sql: Prepared<typeof SQL>;
  readonly #lanes: Lanes;
  readonly #maxPages: number;
  readonly #reserve: string;

  private constructor(database: DatabaseSync, log: WriteAheadLog, maxPages: number, reserve: string) {
    this.#database = database;
    this.#log = log;
    this.#maxPages = maxPages;
    this.#reserve = reserve;
    this.#sql = prepared(database, SQL);
    this.#lanes = new Lanes(database, this.#sql.findRun);
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
    if (this.#sql.listRuns.all().length >= RUNS_PER_AGENT) {
      throw new Fault(
        'OUTBOX_FULL',
        `the outbox holds ${RUNS_PER_AGENT} runs that the control plane has not taken yet`,
      );
    }
    this.#layReserve();
    const insert = (): boolean => {
      const id = this.#sql.insertRun.get(stored.jobId, stored.attempt)?.['id'];
      if (id !== undefined) this.#sql.insertAssignment.run(id, JSON.stringify(stored));
      return id !== undefined;
    };
    return this.#flushed(() => this.#transaction(insert));
  }

  run(key: RunKey): RunRow | null {
    const row = this.#sql.readRun.get(key.jobId, key.attempt);
    return row === undefined ? null : this.#runRow(row);
  }

  depth(): OutboxDepth {
    return toDepth(this.#sql.depth.get());
  }

  progress({ jobId, attempt }: RunKey): RunProgress {
    const place = this.#lanes.find({ jobId, attempt });
    return place === null ? { since: null, step: null } : toProgress(place.lane.progress.get(place.id));
  }

  /** Every attempt this agent holds, oldest first. */
  runs(): RunRow[] {
    return this.#sql.listRuns.all().map((row) => this.#runRow(row));
  }

  assignment(key: RunKey): StoredAssignment {
    const row = this.#sql.readAssignment.get(key.jobId, key.attempt);
    if (row === undefined) throw new Fault('RUN_UNKNOWN', `no run ${key.jobId}, attempt ${key.attempt}`);
    return StoredAssignment.parse(JSON.parse(String(row['document'])));
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
   * @param happened it cannot be refused any more: it may use what is kept back, as an ending may
   */
  append(key: RunKey, at: Date, body: RunEventBody, before: readonly RunEventBody[] = [], happened = false): number {
    const texts = [...before, body].map((event) => ({ event, text: eventText(event) }));
    const write = (): number => this.#transaction(() => this.#insertEvents(key, at, texts));
    if (happened || endsRun(body)) return this.#kept(write);
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
    const place = this.#lanes.find(key);
    if (place === null || !place.held) return false;
    const { id, lane } = place;
    const replace = (): boolean => {
      lane.rewriteEvent.run(id, lastNumber(place), JSON.stringify(body));
      this.#sql.finish.run(body.type, this.run(key)?.endedAt ?? 0, id);
      return true;
    };
    return this.#kept(() => this.#transaction(replace));
  }

  /** Lets the ending leave. */
  release(key: RunKey): void {
    this.#kept(() => this.#sql.release.run(key.jobId, key.attempt));
  }

  /** Everything recorded for the attempt, oldest first. */
  journal(key: RunKey): RunEvent[] {
    const place = this.#lanes.find(key);
    return place === null ? [] : place.lane.journal.all(place.id).map(toEvent);
  }

  /** The next events after `after` that may leave, at most one message full. */
  sendable(key: RunKey, after: number): RunEvent[] {
    const place = this.#lanes.find(key);
    if (place === null) return [];
    // Everything but an ending that still waits for its outputs.
    const last = lastNumber(place) - Number(place.held);
    if (after >= last) return [];
    const batch: RunEvent[] = [];
    let bytes = 0;
    for (const row of place.lane.sendable.all(place.id, after, last, EVENTS_PER_MESSAGE)) {
      bytes += Buffer.byteLength(String(row['body']));
      if (batch.length > 0 && bytes > BATCH_BYTES) break;
      batch.push(toEvent(row));
    }
    return batch;
  }

  /** Notes that the control plane has committed every event up to `seq`, of those that were written. */
  acknowledge(key: RunKey, seq: number): void {
    const place = this.#lanes.find(key);
    if (place === null) return;
    const acked = Math.min(seq, lastNumber(place));
    this.#kept(() => this.#sql.acknowledge.run(place.id, acked));
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
    const place = this.#lanes.find(key);
    if (place === null) return;
    const remove = (): void => {
      place.lane.deleteEvents.run(place.id);
      this.#sql.deleteRun.run(place.id);
    };
    this.#kept(() => this.#transaction(remove));
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

  #runRow(row: Record<string, SQLOutputValue>): RunRow {
    return toRunRow(row, lastNumber({ id: Number(row['id']), lane: this.#lanes.of(Number(row['lane'])) }));
  }

  #insertEvents(key: RunKey, at: Date, events: readonly { event: RunEventBody; text: string }[]): number {
    const place = this.#lanes.find(key);
    let ended = place === null || place.ended;
    let seq = place === null ? 0 : lastNumber(place);
    for (const { event, text } of events) {
      if (place === null || ended) {
        throw new Fault('RUN_ENDED', `attempt ${key.attempt} of ${key.jobId} records no more`);
      }
      seq += 1;
      place.lane.insertEvent.run(place.id, seq, at.toISOString(), text);
      ended = endsRun(event);
      if (ended) this.#sql.finish.run(event.type, at.getTime(), place.id);
    }
    return seq;
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

function eventText(body: RunEventBody): string {
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text) <= EVENT_BYTES) return text;
  throw new Fault('EVENT_TOO_LARGE', `${body.type} is larger than ${EVENT_BYTES} bytes: keep large data in files`);
}

function toEvent(row: Record<string, SQLOutputValue>): RunEvent {
  const body: unknown = JSON.parse(String(row['body']));
  return RunEvent.parse({ seq: row['seq'], at: row['at'], body });
}
