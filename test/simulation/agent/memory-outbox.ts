/**
 * The outbox's rules without SQLite: the real one needs a disk. Same numbers without holes, same rules for endings and
 * acknowledgements; no bounds of size. What is in it survives the agent's process.
 */
import { endsRun, EVENTS_PER_MESSAGE, type RunEvent, type RunEventBody } from '@casare/shared/protocol';
import type { Outbox, RunKey, RunRow, StoredAssignment } from '../../../edge-agent/src/outbox/index.ts';

type Kept = { -readonly [Name in keyof RunRow]: RunRow[Name] } & { assignment: StoredAssignment; events: RunEvent[] };

/** What the disk holds. */
export interface Disk {
  epoch: number;
  runs: Kept[];
}

export class MemoryOutbox {
  readonly disk: Disk;
  readonly #port: () => void;

  /** `port` is called before and after each write: there the process may die. */
  constructor(disk: Disk, port: () => void) {
    this.disk = disk;
    this.#port = port;
  }

  /** As the supervisor takes it. */
  asOutbox(): Outbox {
    return this as unknown as Outbox;
  }

  nextEpoch(): number {
    return (this.disk.epoch += 1);
  }

  accept(assignment: StoredAssignment): boolean {
    return this.#write(() => {
      if (this.run(assignment) !== null) return false;
      const { jobId, attempt } = assignment;
      const fresh = { lastSeq: 0, ackedSeq: 0, ending: null, endedAt: null, released: false, crashes: 0, worker: null };
      this.disk.runs.push({ jobId, attempt, phase: 'waiting', ...fresh, assignment, events: [] });
      return true;
    });
  }

  run(key: RunKey): RunRow | null {
    const kept = this.#find(key);
    if (kept === undefined) return null;
    const { assignment: _, events: __, ...row } = kept;
    return row;
  }

  runs(): RunRow[] {
    return this.disk.runs.map((kept) => this.run(kept)!);
  }

  assignment(key: RunKey): StoredAssignment {
    return this.#find(key)!.assignment;
  }

  markRunning(key: RunKey): void {
    this.#change(key, (kept) => {
      if (kept.phase === 'waiting') kept.phase = 'running';
    });
  }

  countCrash(key: RunKey): number {
    this.#change(key, (kept) => (kept.crashes += 1));
    return this.#find(key)?.crashes ?? 0;
  }

  recordWorker(): void {
    // A worker dies with its agent here: no process is left to be killed.
  }

  append(key: RunKey, at: Date, body: RunEventBody): number {
    return this.#write(() => {
      const kept = this.#find(key);
      if (kept === undefined || kept.ending !== null) throw new Error(`attempt ${key.attempt} records no more`);
      kept.lastSeq += 1;
      kept.events.push({ seq: kept.lastSeq, at: at.toISOString(), body });
      if (endsRun(body)) Object.assign(kept, { phase: 'finished', ending: body.type, endedAt: at.getTime() });
      return kept.lastSeq;
    });
  }

  replaceEnding(): boolean {
    return false;
  }

  release(key: RunKey): void {
    this.#change(key, (kept) => (kept.released = kept.ending !== null));
  }

  journal(key: RunKey): RunEvent[] {
    return [...(this.#find(key)?.events ?? [])];
  }

  sendable(key: RunKey, after: number): RunEvent[] {
    const kept = this.#find(key);
    if (kept === undefined) return [];
    const mayLeave = (event: RunEvent): boolean => kept.ending === null || kept.released || event.seq < kept.lastSeq;
    return kept.events.filter((event) => event.seq > after && mayLeave(event)).slice(0, EVENTS_PER_MESSAGE);
  }

  acknowledge(key: RunKey, seq: number): void {
    this.#change(key, (kept) => (kept.ackedSeq = Math.max(kept.ackedSeq, Math.min(seq, kept.lastSeq))));
  }

  artifact(): null {
    return null;
  }

  artifactsOf(): [] {
    return [];
  }

  waitingArtifacts(): [] {
    return [];
  }

  settleArtifact(): boolean {
    return false;
  }

  drop(key: RunKey): void {
    this.#write(() => {
      this.disk.runs = this.disk.runs.filter((kept) => kept !== this.#find(key));
    });
  }

  #find({ jobId, attempt }: RunKey): Kept | undefined {
    return this.disk.runs.find((kept) => kept.jobId === jobId && kept.attempt === attempt);
  }

  #change(key: RunKey, change: (kept: Kept) => unknown): void {
    this.#write(() => {
      const kept = this.#find(key);
      if (kept !== undefined) change(kept);
    });
  }

  #write<T>(write: () => T): T {
    this.#port();
    const done = write();
    this.#port();
    return done;
  }
}
