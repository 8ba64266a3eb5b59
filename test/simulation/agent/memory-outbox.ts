/**
 * The outbox in memory: the real one costs a file and an fsync for each write, and a seed writes thousands. Same numbers
 * without holes, same rules for endings, acknowledgements and files (`test/conformance/outbox.test.ts` compares the two);
 * no bounds of size. What is in it survives the agent's process.
 */
import { endsRun, EVENTS_PER_MESSAGE, type RunEvent, type RunEventBody } from '@casare/shared/protocol';
import type {
  ArtifactRow,
  Outbox,
  OutboxDepth,
  RunKey,
  RunProgress,
  RunRow,
  StoredAssignment,
} from '../../../edge-agent/src/outbox/index.ts';

type Kept = { -readonly [Name in keyof RunRow]: RunRow[Name] } & { assignment: StoredAssignment; events: RunEvent[] };
type KeptFile = { -readonly [Name in keyof ArtifactRow]: ArtifactRow[Name] } & { queuedAt: number };

/** What the disk holds. */
export interface Disk {
  epoch: number;
  storeEpoch: number | null;
  leaseUntil: number | null;
  runs: Kept[];
  files: KeptFile[];
}

export function emptyDisk(): Disk {
  return { epoch: 0, storeEpoch: null, leaseUntil: null, runs: [], files: [] };
}

/** The compiler asks for every method that the real one has. */
export class MemoryOutbox implements Pick<Outbox, keyof Outbox> {
  readonly disk: Disk;
  readonly #port: () => void;

  /** `port` is called before and after each write: there the process may die. */
  constructor(disk: Disk, port: () => void) {
    this.disk = disk;
    this.#port = port;
  }

  /** As the supervisor takes it: a class with private members has no other way. */
  asOutbox(): Outbox {
    return this as unknown as Outbox;
  }

  nextEpoch(): number {
    return (this.disk.epoch += 1);
  }

  noteStoreEpoch(epoch: number): void {
    if (epoch > (this.disk.storeEpoch ?? 0)) this.#write(() => (this.disk.storeEpoch = epoch));
  }

  storeEpoch(): number | null {
    return this.disk.storeEpoch;
  }

  noteLease(until: number): void {
    this.#write(() => (this.disk.leaseUntil = Math.round(until)));
  }

  leaseUntil(): number | null {
    return this.disk.leaseUntil;
  }

  accept(assignment: StoredAssignment): boolean {
    return this.#write(() => {
      if (this.#find(assignment) !== undefined) return false;
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

  depth(): OutboxDepth {
    const waiting = this.disk.runs.flatMap(({ events, ackedSeq }) => events.filter(({ seq }) => seq > ackedSeq));
    const files = this.disk.files.filter(({ state }) => state === 'queued');
    return {
      events: waiting.length,
      eventBytes: waiting.reduce((sum, { body }) => sum + JSON.stringify(body).length, 0),
      oldest: waiting.reduce<string | null>((least, { at }) => (least === null || at < least ? at : least), null),
      files: files.length,
      fileBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  progress(key: RunKey): RunProgress {
    const events = this.#find(key)?.events ?? [];
    const steps = events.flatMap(({ body }) => (body.type === 'step.started' ? [body.name] : []));
    return { since: events[0]?.at ?? null, step: steps.at(-1) ?? null };
  }

  runs(): RunRow[] {
    return this.disk.runs.map((kept) => this.run(kept)!);
  }

  assignment(key: RunKey): StoredAssignment {
    const kept = this.#find(key);
    if (kept === undefined) throw new Error(`no run ${key.jobId}, attempt ${key.attempt}`);
    return kept.assignment;
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

  flush(): Promise<void> {
    return Promise.resolve();
  }

  replaceEnding(key: RunKey, body: RunEventBody): boolean {
    return this.#write(() => {
      const kept = this.#find(key);
      const last = kept?.events.at(-1);
      if (kept === undefined || last === undefined || kept.ending === null || kept.released) return false;
      kept.events[kept.events.length - 1] = { ...last, body };
      kept.ending = body.type;
      return true;
    });
  }

  release(key: RunKey): void {
    this.#change(key, (kept) => (kept.released ||= kept.ending !== null));
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

  rewind(key: RunKey, seq: number): boolean {
    return this.#write(() => {
      const kept = this.#find(key);
      if (kept === undefined || kept.ackedSeq <= seq) return false;
      kept.ackedSeq = seq;
      return true;
    });
  }

  queueArtifact(row: Omit<ArtifactRow, 'state' | 'code'>, at: Date): boolean {
    return this.#write(() => {
      if (this.artifact(row.artifactId) !== null) return false;
      this.disk.files.push({ ...row, state: 'queued', code: null, queuedAt: at.getTime() });
      return true;
    });
  }

  artifact(artifactId: string): ArtifactRow | null {
    const kept = this.disk.files.find((file) => file.artifactId === artifactId);
    return kept === undefined ? null : rowOf(kept);
  }

  artifactsOf({ jobId, attempt }: RunKey): ArtifactRow[] {
    return this.disk.files.filter((file) => file.jobId === jobId && file.attempt === attempt).map(rowOf);
  }

  waitingArtifacts(limit: number): ArtifactRow[] {
    const rank = ({ kind }: KeptFile): number => Number(kind !== 'output');
    return this.#queued()
      .sort((one, other) => rank(one) - rank(other) || byAge(one, other))
      .slice(0, limit)
      .map(rowOf);
  }

  droppableEvidence(): ArtifactRow[] {
    const evidence = this.#queued().filter(({ kind, name }) => kind !== 'output' && !name.endsWith('.lost.json'));
    return evidence.sort(byAge).slice(0, 100).map(rowOf);
  }

  waitingArtifactBytes(): number {
    return this.#queued().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  settleArtifact(artifactId: string, state: 'stored' | 'refused', code: string | null = null): boolean {
    return this.#write(() => {
      const waiting = this.#queued().find((file) => file.artifactId === artifactId);
      if (waiting !== undefined) Object.assign(waiting, { state, code });
      return waiting !== undefined;
    });
  }

  drop(key: RunKey): void {
    const isOf = (row: RunKey): boolean => row.jobId === key.jobId && row.attempt === key.attempt;
    this.#write(() => {
      this.disk.runs = this.disk.runs.filter((kept) => !isOf(kept));
      this.disk.files = this.disk.files.filter((kept) => !isOf(kept));
    });
  }

  close(): void {
    // Nothing is open.
  }

  #queued(): KeptFile[] {
    return this.disk.files.filter(({ state }) => state === 'queued');
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

function byAge(one: KeptFile, other: KeptFile): number {
  return one.queuedAt - other.queuedAt || (one.artifactId < other.artifactId ? -1 : 1);
}

function rowOf({ queuedAt: _, ...row }: KeptFile): ArtifactRow {
  return row;
}
